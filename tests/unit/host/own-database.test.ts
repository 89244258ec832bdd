/** Tests which names of a database are refused, for containers that Docker might have. */
import { expect, it } from "vitest";
import type { Container } from "../../../host/docker.ts";
import { requireOwnDatabase } from "../../../host/own-database.ts";
import { systemWith } from "../../support/program.ts";
import { refusalOf } from "../../support/reader.ts";

const container = (service: string, ...Env: string[]): Container =>
  ({ Config: { Labels: { "ragdock.service": service }, Env } }) as unknown as Container;

const check = (settings: Record<string, unknown>, ...containers: Container[]) =>
  requireOwnDatabase(systemWith({ images: "packages", ...settings }), containers);

const mnemolite = { system: "mnemolite" };

it("accepts a new stack, and one with the same names", () => {
  check(mnemolite);
  check(
    mnemolite,
    container("db", "POSTGRES_DB=mnemolite"),
    container("db-credentials", "OWNER=mnemo"),
    container("api", "POSTGRES_DB=another"),
  );
  check({ system: "m31" }, container("redis"));
});

it("refuses a database of another name, with the command that keeps it", async () => {
  const old = container("db", "PATH=/bin", "POSTGRES_DB=rag");
  expect(() => check(mnemolite, old)).toThrow(/nothing was changed: its database is called rag.* mnemolite/);
  expect(await refusalOf(() => check(mnemolite, old), "test")).toContain(
    "pulumi config set --stack test --path 'ragdock:postgres.database' rag",
  );
  check({ ...mnemolite, postgres: { database: "rag" } }, old);
});

it("refuses another owner of the database", () => {
  const old = container("db-credentials", "OWNER=rag");
  expect(() => check(mnemolite, old)).toThrow("belongs to the role rag, but the settings say mnemo");
  check({ ...mnemolite, postgres: { user: "rag" } }, old);
});
