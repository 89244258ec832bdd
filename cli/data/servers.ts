/** The servers and containers through which commands read and write the data of a stack. */
import { execa } from "execa";
import { type Check, externalWords, isCheck, settingOf } from "../../config/spec/external.ts";
import { Failure } from "../../config/spec/failure.ts";
import { callsHost, hostGateway } from "../../config/spec/host-gateway.ts";
import { outsideNetwork, wayOutOf } from "../../config/spec/networks.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { fullName, helperLabel } from "../../config/spec/stack.ts";
import { type Container, containersOf, docker, dockerEnvironment, onSwarm } from "../../host/docker.ts";
import { atContainer } from "../../host/nodes.ts";
import { project } from "../../host/paths.ts";
import { exec } from "../../host/pipe.ts";
import type { Part } from "./parts.ts";
import { Postgres } from "./postgres.ts";

/** The running container through which a part is read. */
export async function containerFor(stack: string, { service }: Part): Promise<Container> {
  const container = (await containersOf(stack, service)).find((c) => c.State.Status === "running");
  if (container) return container;
  throw new Failure(
    `"${service}" of stack "${stack}" does not run. Its data can be read only while it runs.`,
    `Start it: make up STACK=${stack}`,
  );
}

/** The running container whose image has the tools that read and write a part. */
export const toolsFor = (stack: string, part: Part): Promise<Container> =>
  containerFor(stack, part.kind === "files" && part.tools ? { ...part, service: part.tools } : part);

type PostgresPart = Part & { readonly kind: "postgres" };

/** The job that checks the server of a part, if the server is outside of the stack. */
export const checkOfPart = ({ services }: SystemSpec, { service }: Part): Check | undefined =>
  services.filter(isCheck).find(({ checks }) => checks.name === service);

/**
 * Runs `work` with the PostgreSQL server of a part.
 * @param work gets the server, and the id of the image whose tools it uses
 */
export async function withPostgres<T>(
  stack: string,
  system: SystemSpec,
  part: PostgresPart,
  work: (server: Postgres, image: string) => Promise<T>,
): Promise<T> {
  const check = checkOfPart(system, part);
  if (check) return overNetwork(stack, check, work);
  const container = await containerFor(stack, part);
  return atContainer(container, ({ Id }) => work(new Postgres(Id), container.Image));
}

/** Where the check of a server writes the password for libpq. */
const passwordFile = "/dev/shm/password";

/**
 * Connects to a server outside of the stack from a container that is like the one of its check: the
 * same image, settings, network and secrets. The check itself says what is wrong with the server.
 */
async function overNetwork<T>(
  stack: string,
  check: Check,
  work: (server: Postgres, image: string) => Promise<T>,
): Promise<T> {
  const job = (await containersOf(stack, check.name)).at(-1);
  if (!job)
    throw new Failure(
      `${externalWords(check.checks)}, and stack "${stack}" has not checked it yet.`,
      `Start the stack: make up STACK=${stack}`,
    );
  const variables = Object.entries({ ...check.environment, PGPASSFILE: passwordFile });
  const created = await docker(
    "create",
    ...["--label", helperLabel, "--cap-drop", "ALL", "--memory", "512m"],
    ...check.networks.flatMap((network) => [
      "--network",
      fullName({ project, stack }, ofService(network, check.name)),
    ]),
    ...(check.user ? ["--user", check.user] : []),
    ...(callsHost(check) ? ["--add-host", `${hostGateway}:host-gateway`] : []),
    ...variables.flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    ...["--entrypoint", "sleep", job.Image, "infinity"],
  );
  const id = created.trim();
  try {
    await copyFolder(job.Id, id, "/run", "secrets");
    await copyFolder(job.Id, id, "/etc", "ragdock");
    await docker("start", id);
    await exec(id, check.entrypoint ?? []).catch((error: Error) => {
      throw new Failure(
        `${externalWords(check.checks)} (ragdock:${settingOf(check.checks)}), and does not take the connection.\n${error.message}`,
        "Correct that, and run the same command again.",
      );
    });
    return await work(new Postgres(id), job.Image);
  } finally {
    await docker("rm", "-f", "-v", id);
  }
}

/** On a Swarm, each service has a way out for it alone. */
const ofService = (network: string, service: string): string =>
  onSwarm() && network === outsideNetwork ? wayOutOf(service) : network;

/** Copies a folder between two containers. What it holds is not written to this host. */
async function copyFolder(from: string, to: string, parent: string, name: string): Promise<void> {
  const options = { env: dockerEnvironment(), buffer: false } as const;
  await execa("docker", ["cp", `${from}:${parent}/${name}`, "-"], options).pipe(
    "docker",
    ["cp", "-", `${to}:${parent}`],
    options,
  );
}
