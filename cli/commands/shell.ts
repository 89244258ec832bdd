import { execa } from "execa";
import { Failure } from "../../config/spec/failure.ts";
import { type LongRunning, longRunning, type Role } from "../../config/spec/service.ts";
import { containersOf, dockerEnvironment } from "../../host/docker.ts";
import { command, serviceOption, stackOption } from "../command.ts";
import { systemOf } from "../system.ts";

async function serviceOfRole(stack: string, role: Role): Promise<LongRunning> {
  const system = await systemOf(stack);
  const service = longRunning(system.services).find((s) => s.role === role);
  if (service) return service;
  throw new Failure(`${system.name} has no ${role}.`, "make status shows its services.");
}

/**
 * Runs a command in a service's first container, on this terminal if there is one. @returns its
 * exit code
 */
async function inside(stack: string, service: string, words: readonly string[]): Promise<number> {
  const [container] = await containersOf(stack, service);
  if (!container)
    throw new Failure(`Stack "${stack}" has no service "${service}".`, "make status shows its services.");
  const terminal = process.stdin.isTTY ? "-it" : "-i";
  const args = ["exec", terminal, container.Id, ...words];
  const options = { stdio: "inherit", reject: false, env: dockerEnvironment() } as const;
  const { exitCode = 1 } = await execa("docker", args, options);
  return exitCode;
}

export const shell = command({
  name: "shell",
  summary: "Open a shell in the container of a service",
  options: {
    stack: stackOption,
    service: { ...serviceOption, description: "the service; by default the API" },
  },
  examples: ["shell --service worker"],
  run: async ({ stack, service }) =>
    inside(stack, service ?? (await serviceOfRole(stack, "api")).name, ["sh"]),
});

export const psql = command({
  name: "psql",
  summary: "Open psql on the stack's database, or run SQL from standard input",
  options: { stack: stackOption },
  examples: ["psql", "psql < query.sql"],
  run: async ({ stack }) => {
    const { name, database } = await serviceOfRole(stack, "postgres");
    const login = database ? ["-U", database.user, "-d", database.name] : [];
    return inside(stack, name, ["psql", ...login, "-v", "ON_ERROR_STOP=1"]);
  },
});
