import { execa } from "execa";
import { Failure } from "../config/spec/failure.ts";
import { type LongRunning, longRunning, type Role } from "../config/spec/service.ts";
import { type Container, containersOf, dockerEnvironment } from "../host/docker.ts";
import { atContainer } from "../host/nodes.ts";
import { requireInside } from "./data/external.ts";
import { systemOf } from "./system.ts";

/** The first service of a stack with this role. @throws Failure that names the services it has */
export async function serviceOfRole(stack: string, role: Role): Promise<LongRunning> {
  const system = await systemOf(stack);
  const all = longRunning(system.services);
  const service = all.find((s) => s.role === role);
  if (service) return service;
  requireInside(
    system,
    (store) => store.role === role,
    ({ host, port }) => `Connect to ${host}:${port} with a client of your own.`,
  );
  throw new Failure(
    `${system.name} has no service with the role ${role}.`,
    `Its services: ${all.map((s) => s.name).join(", ")}. For example: ./ragdock shell --stack ${stack} --service ${all[0]?.name}`,
  );
}

/** The containers of a stack, or of one service. @throws Failure if there are none */
export async function requireContainers(
  stack: string,
  service: string | undefined,
): Promise<[Container, ...Container[]]> {
  const [first, ...more] = await containersOf(stack, service);
  if (first) return [first, ...more];
  if (service === undefined || (await containersOf(stack)).length === 0)
    throw new Failure(`Stack "${stack}" does not run.`, `Start it: make up STACK=${stack}`);
  throw new Failure(
    `Stack "${stack}" has no container of a service "${service}".`,
    `make status STACK=${stack} shows its services.`,
  );
}

/**
 * Runs a command in a service's first container, on this terminal if there is one. @returns its
 * exit code
 */
export async function inside(stack: string, service: string, words: readonly string[]): Promise<number> {
  const [container] = await requireContainers(stack, service);
  return atContainer(container, ({ Id }) => insideOf(Id, words));
}

async function insideOf(id: string, words: readonly string[]): Promise<number> {
  // If only some streams are a terminal, Docker would still write line ends for a terminal.
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? "-it" : "-i";
  const args = ["exec", terminal, id, ...words];
  const options = { stdio: "inherit", reject: false, env: dockerEnvironment() } as const;
  const { exitCode = 1 } = await execa("docker", args, options);
  return exitCode;
}
