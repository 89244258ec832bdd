import type { Role } from "../../config/spec/service.ts";
import { command, serviceOption, stackOption } from "../command.ts";
import { inside, serviceOfRole } from "../inside.ts";

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

async function openPsql(stack: string): Promise<number> {
  const { name, database } = await serviceOfRole(stack, "postgres");
  const login = database ? ["-U", database.user, "-d", database.name] : [];
  return inside(stack, name, ["psql", ...login, "-v", "ON_ERROR_STOP=1"]);
}

export const psql = command({
  name: "psql",
  summary: "Open psql on the stack's database, or run SQL from standard input",
  options: { stack: stackOption },
  examples: ["psql", "psql < query.sql"],
  run: ({ stack }) => openPsql(stack),
});

export const shellDb = command({
  name: "shell-db",
  summary: "Open psql on the stack's database, as `psql` does",
  options: { stack: stackOption },
  examples: ["shell-db"],
  run: ({ stack }) => openPsql(stack),
});

/** A shell in the first service of a role. */
const shellOf = (role: Role, summary: string) =>
  command({
    name: `shell-${role}`,
    summary,
    options: { stack: stackOption },
    examples: [`shell-${role}`],
    run: async ({ stack }) => inside(stack, (await serviceOfRole(stack, role)).name, ["sh"]),
  });

export const shellApi = shellOf("api", "Open a shell in the container of the API");
export const shellWorker = shellOf("worker", "Open a shell in the container of the worker");
