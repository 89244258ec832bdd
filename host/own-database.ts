import { Failure } from "../config/spec/failure.ts";
import { setCommand } from "../config/spec/message.ts";
import { longRunning, type SystemSpec } from "../config/spec/service.ts";
import { type Container, serviceOf } from "./docker.ts";

/**
 * Refuses another name of a database that has data, or of its owner. A server with the new name
 * would not find the data, and clients with the new owner could not read it.
 * @param containers the stack's own. Without a container, the start script of the server and the
 * job that creates its roles refuse the names.
 */
export function requireOwnDatabase({ services }: SystemSpec, containers: readonly Container[]): void {
  for (const { name, database, credentials } of longRunning(services)) {
    if (!database) continue;
    const valueIn = (service: string | undefined, variable: string): string | undefined =>
      containers
        .filter((container) => serviceOf(container) === service)
        .flatMap(({ Config }) => Config.Env ?? [])
        .find((line) => line.startsWith(`${variable}=`))
        ?.slice(variable.length + 1);
    requireSame(name, "database", database.name, valueIn(name, "POSTGRES_DB"));
    requireSame(name, "user", database.user, valueIn(credentials?.job, "OWNER"));
  }
}

function requireSame(
  service: string,
  key: "database" | "user",
  wanted: string,
  found: string | undefined,
): void {
  if (found === undefined || found === wanted) return;
  const what = key === "database" ? "database is called" : "database belongs to the role";
  throw new Failure(
    `The data of ${service} has another name than the settings, and nothing was changed: its ${what} ${found}, but the settings say ${wanted}.`,
    `Keep the name: ${setCommand(`postgres.${key}`, found)}\n` +
      `For another name, start a new stack with it, and move the data with pg_dump and psql.`,
  );
}
