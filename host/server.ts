import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { defined } from "../config/spec/defined.ts";
import { Failure } from "../config/spec/failure.ts";
import type { Host } from "../config/spec/host.ts";
import { docker, dockerEndpoint, dockerEnvironment, useDocker } from "./docker.ts";
import { dockerAdvice, readMachine } from "./docker-advice.ts";
import {
  type DockerSettings,
  defaultSocket,
  type Endpoint,
  hostName,
  isHere,
  requireOneEndpoint,
} from "./endpoint.ts";

const run = promisify(execFile);

const current = (): Endpoint => dockerEndpoint() ?? { host: defaultSocket, source: "the default socket" };

/** The fields of `docker version` that Ragdock uses. */
interface Server {
  readonly Os: string;
  readonly Components?: readonly { readonly Name: string; readonly Version: string }[];
}

/** @throws Failure if Docker does not answer, and for a server that cannot run a stack */
export async function requireDocker(): Promise<void> {
  const endpoint = current();
  const server = await docker("version", "--format", "{{json .Server}}").catch((error: Error) => {
    const { stderr } = error as { readonly stderr?: string };
    const why = stderr?.trim() || error.message;
    throw new Failure(
      `Docker does not answer at ${endpoint.host} (${endpoint.source}): ${why}`,
      dockerAdvice(why, endpoint, readMachine(process.env)),
    );
  });
  const problem = unsupported(JSON.parse(server) as Server);
  if (problem)
    throw new Failure(
      `${endpoint.host} (${endpoint.source}) cannot run a stack: ${problem}`,
      "Use Docker Engine 20.10 or newer, or Docker Desktop. Select it with DOCKER_HOST, DOCKER_CONTEXT or docker:host.",
    );
}

/** Returns the reason why a server cannot run a stack. Undefined for one that can. */
export function unsupported({ Os, Components = [] }: Server): string | undefined {
  const podman = Components.find(({ Name }) => Name.startsWith("Podman"));
  if (podman)
    return `it is Podman ${podman.Version}. Docker's provider builds images with BuildKit, which Podman's API does not have.`;
  if (Os !== "linux") return `it runs ${Os} containers. All images are Linux images.`;
  return undefined;
}

/**
 * Selects the Docker host of a stack for the program.
 * @returns its facts
 * @throws Failure if provider or builder would use another host, or if it cannot run a stack
 */
export async function useDockerInProgram(settings: DockerSettings): Promise<Host> {
  const endpoint = await useDocker(settings);
  await requireOneEndpoint(settings, endpoint, process.env);
  await requireDocker();
  return hostFacts();
}

/** The fields of `docker info` that Ragdock uses. Docker Desktop reports its virtual machine. */
interface Info {
  readonly NCPU?: number;
  readonly MemTotal?: number;
}

/** The facts about the Docker host. Contains only the name if Docker does not answer. */
export async function hostFacts(): Promise<Host> {
  const info = await docker("info", "--format", "{{json .}}").catch(() => "{}");
  const { NCPU: cpus, MemTotal: memory } = JSON.parse(info) as Info;
  return defined({
    // The docker CLI prints zeros for a server that does not answer.
    cpus: cpus || undefined,
    memoryMiB: memory ? Math.floor(memory / 2 ** 20) : undefined,
    name: hostName(current()),
  });
}

/**
 * Runs a program on the Docker host: on this machine, or over ssh.
 * @returns its output. Undefined if it fails, and for a host that is reached over TCP.
 */
export async function onDockerHost(...command: readonly [string, ...string[]]): Promise<string | undefined> {
  const endpoint = current();
  const [file, ...args] = isHere(endpoint) ? command : (overSsh(endpoint, command) ?? []);
  if (file === undefined) return undefined;
  return run(file, args, { env: dockerEnvironment() }).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}

/** The ssh command that runs a program on the Docker host. */
function overSsh({ host }: Endpoint, command: readonly string[]): string[] | undefined {
  if (!host.startsWith("ssh://")) return undefined;
  const { username, hostname, port } = new URL(host);
  // ssh joins its arguments with spaces, and the remote shell splits them again.
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  const options = ["-o", "ConnectTimeout=30", "-T", ...(username ? ["-l", username] : [])];
  return ["ssh", ...options, ...(port ? ["-p", port] : []), "--", hostname, ...quoted];
}
