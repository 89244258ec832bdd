import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Failure } from "../config/spec/failure.ts";
import { removeCommand, toRun } from "../config/spec/message.ts";
import type { Target } from "../config/spec/target.ts";
import { stateDir } from "./paths.ts";

const run = promisify(execFile);

/** The settings of a stack that select a Docker host. */
export interface DockerSettings {
  readonly host?: string | undefined;
  readonly context?: string | undefined;
  /** @default engine */
  readonly target?: Target;
}

/** A Docker host, and how to reach it. */
export interface Endpoint {
  /** The address, such as `unix:///var/run/docker.sock` or `ssh://deploy@rag.example.com`. */
  readonly host: string;
  /** The folder with ca.pem, cert.pem and key.pem. @default DOCKER_CERT_PATH, if TLS is on */
  readonly certificates?: string;
  /** The setting that selected this host, such as `DOCKER_HOST` or `the context "colima"`. */
  readonly source: string;
}

/** The socket of Docker on this machine. */
export const defaultSocket = "unix:///var/run/docker.sock";

/**
 * Returns the Docker host of a stack. Precedence: `docker:host` or `docker:context` of the stack's
 * file, DOCKER_HOST, DOCKER_CONTEXT, the docker CLI's current context. The docker CLI has the same
 * order for the last three.
 * @throws Failure for two settings that contradict each other, and for an unknown context
 */
export async function endpointOf(settings: DockerSettings, env: NodeJS.ProcessEnv): Promise<Endpoint> {
  const { host, context } = settings;
  if (host && context)
    throw new Failure(
      `docker:host is "${host}" and docker:context is "${context}". A stack has one Docker host.`,
      `Keep one. ${toRun}${removeCommand("docker:context")}`,
    );
  if (host) return { host, source: "docker:host" };
  if (context) return ofContext(context, env);
  if (env.DOCKER_HOST) return { host: env.DOCKER_HOST, source: "DOCKER_HOST" };
  return ofContext(env.DOCKER_CONTEXT, env);
}

/** The fields of `docker context inspect` that Ragdock uses. */
interface DockerContext {
  readonly Name: string;
  readonly Endpoints: { readonly docker?: { readonly Host?: string } };
  readonly TLSMaterial: { readonly docker?: readonly string[] };
  readonly Storage: { readonly TLSPath: string };
}

/** The Docker host of a context, by default the current one. */
async function ofContext(name: string | undefined, env: NodeJS.ProcessEnv): Promise<Endpoint> {
  const args = ["context", "inspect", ...(name ? [name] : []), "--format", "{{json .}}"];
  const options = { env: { ...env, DOCKER_HOST: "" } };
  const { stdout } = await run("docker", args, options).catch((error: NodeJS.ErrnoException) => {
    // Without the docker CLI there are no contexts. The checks before a deployment report what is
    // missing.
    if (error.code === "ENOENT") return { stdout: "" };
    const { stderr } = error as { readonly stderr?: string };
    throw new Failure(
      `The Docker context ${name ? `"${name}"` : "in use"} cannot be read: ${stderr?.trim() ?? error.message}`,
      "List the contexts with `docker context ls`. Select one with DOCKER_CONTEXT, docker:context or `docker context use`.",
    );
  });
  if (!stdout) return { host: defaultSocket, source: "the default socket" };
  const { Name, Endpoints, TLSMaterial, Storage } = JSON.parse(stdout) as DockerContext;
  const hasCertificates = (TLSMaterial.docker?.length ?? 0) > 0;
  return {
    host: Endpoints.docker?.Host || defaultSocket,
    source: `the context "${Name}"`,
    ...(hasCertificates ? { certificates: join(Storage.TLSPath, "docker") } : {}),
  };
}

/** The folder of the `ssh` that shares one connection. It comes first in PATH. */
const sshFolder = join(import.meta.dirname, "ssh");

/**
 * Returns an environment in which the docker CLI, the Docker provider and the image builder use the
 * endpoint, and no context or builder that the user selected for other work.
 */
export function environmentFor({ host, certificates }: Endpoint, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...env,
    DOCKER_HOST: host,
    // The variables are set to an empty value, because Pulumi's automation API cannot remove
    // variables.
    DOCKER_CONTEXT: "",
    BUILDX_BUILDER: "",
    // A builder of the driver docker-container does not see Docker's images. Without a selection,
    // builds use Docker itself. The variable BUILDX_BUILDER would be an input of every image.
    BUILDX_CONFIG: join(stateDir, "buildx"),
    ...(certificates ? { DOCKER_CERT_PATH: certificates, DOCKER_TLS_VERIFY: "1" } : {}),
    ...(host.startsWith("ssh://") ? sharedSsh(env) : {}),
  };
}

/**
 * The docker CLI and the provider start one ssh for each connection, and cannot pass options to it.
 * sshd refuses more than ten logins at a time (MaxStartups).
 */
function sharedSsh(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env.RAGDOCK_SSH_PATH !== undefined) return {};
  // The path is short, because the path of a socket has at most 104 characters. The temporary
  // folder of macOS is too long.
  const { uid } = userInfo();
  const sockets = join(env.XDG_RUNTIME_DIR || "/tmp", `ragdock-ssh-${uid}`);
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  if (statSync(sockets).uid !== uid)
    throw new Failure(
      `The folder ${sockets} belongs to another user, who could read the connection to Docker.`,
      "Set XDG_RUNTIME_DIR to a folder of this user: export XDG_RUNTIME_DIR=$HOME/.run",
    );
  const path = env.PATH ?? "";
  return { RAGDOCK_SSH_SOCKETS: sockets, RAGDOCK_SSH_PATH: path, PATH: `${sshFolder}${delimiter}${path}` };
}

/**
 * The maximum number of resources that change at the same time over ssh. sshd allows ten sessions
 * per login (MaxSessions), and an image's build takes two. More sessions need another login.
 */
const parallelOverSsh = 4;

/**
 * The maximum number of resources that change at the same time. Undefined for the deployer's
 * default.
 */
export const parallelOn = ({ host }: Endpoint): number | undefined =>
  host.startsWith("ssh://") ? parallelOverSsh : undefined;

/** Whether Docker runs on this machine, or in a virtual machine of it, as Docker Desktop does. */
export const isHere = ({ host }: Endpoint): boolean => /^(unix|npipe):/.test(host);

/** The name of the Docker host in URLs. Undefined for this machine. */
export const hostName = (endpoint: Endpoint): string | undefined =>
  isHere(endpoint) || !URL.canParse(endpoint.host) ? undefined : new URL(endpoint.host).hostname || undefined;

/**
 * The builder that the user selected with `docker buildx use` or BUILDX_BUILDER. Undefined for
 * Docker itself.
 */
function selectedBuilder(env: NodeJS.ProcessEnv): string | undefined {
  if (env.BUILDX_BUILDER) return env.BUILDX_BUILDER;
  const folder = env.BUILDX_CONFIG || join(env.DOCKER_CONFIG || join(homedir(), ".docker"), "buildx");
  try {
    const { Name } = JSON.parse(readFileSync(join(folder, "current"), "utf8")) as { readonly Name?: string };
    // buildx still returns the name of a builder that was removed.
    return Name && existsSync(join(folder, "instances", Name)) ? Name : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Refuses an environment in which provider and builder would use another Docker host than the
 * program. Under `pulumi up` both get the user's environment, which the program cannot change.
 */
export async function requireOneEndpoint(
  settings: DockerSettings,
  endpoint: Endpoint,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const builder = selectedBuilder(env);
  if (builder)
    throw new Failure(
      `The buildx builder "${builder}" is selected. It cannot use Docker's local images, and other images are built on them.`,
      "Run: docker buildx use default && unset BUILDX_BUILDER. Or deploy with `make up`, which ignores the selection.",
    );
  const builds = await endpointOf({}, env);
  const context = settings.context || env.DOCKER_CONTEXT;
  const provider = context
    ? await ofContext(context, env)
    : { host: settings.host || env.DOCKER_HOST || defaultSocket };
  if (builds.host === endpoint.host && provider.host === endpoint.host) return;
  throw new Failure(
    `The stack's Docker host is ${endpoint.host} (${endpoint.source}). Pulumi's Docker provider would use ${provider.host}, and builds would use ${builds.host}.`,
    `Run: unset DOCKER_CONTEXT; export DOCKER_HOST=${endpoint.host}. Or deploy with \`make up\`, which sets this.`,
  );
}
