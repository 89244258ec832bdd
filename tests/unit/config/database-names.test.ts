/** Tests the names of databases and their owners. tests/systems proves that clients can use them. */
import { describe, expect, it } from "vitest";
import { fill } from "../../../config/spec/content.ts";
import { longRunning, type ServiceSpec } from "../../../config/spec/service.ts";
import { systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const serviceOf = (raw: Record<string, unknown>, name: string): ServiceSpec => {
  const found = systemWith(raw).services.find((s) => s.name === name);
  if (!found) throw new Error(`no service ${name}`);
  return found;
};

describe("the database of a system", () => {
  it.each([
    ["full", "postgres", { name: "rag", user: "rag" }],
    ["myrag", "pgvector", { name: "myrag", user: "rag" }],
    ["mnemolite", "db", { name: "mnemolite", user: "mnemo" }],
  ])("of %s has the names of its original", (system, store, database) => {
    const server = longRunning(systemWith({ system }).services).find(({ name }) => name === store);
    expect(server?.database).toEqual(database);
  });

  it.each([
    ["full", "postgres", { api: "RAG_DATABASE_NAME", worker: "RAG_DATABASE_NAME" }],
    ["myrag", "pgvector", { fastapi: "POSTGRES_DB" }],
    ["mnemolite", "db", { setup: "DATABASE_NAME", api: "DATABASE_NAME", worker: "DATABASE_NAME" }],
  ])("has the names of the settings everywhere in %s", (system, store, clients) => {
    const raw = { system, postgres: { database: "library", user: "librarian" } };
    const server = serviceOf(raw, store);
    expect(server.environment).toMatchObject({ POSTGRES_DB: "library", POSTGRES_USER: "postgres" });
    expect(serviceOf(raw, `${store}-credentials`).environment).toMatchObject({
      PGDATABASE: "library",
      OWNER: "librarian",
    });
    const hba = server.files.find(({ path }) => path.endsWith("pg_hba.conf"));
    const rules = fill(hba?.content ?? "", { secret: () => "", revision: (name) => name });
    expect(rules).toContain('\nhost all "librarian" all reject\nhost all all all scram-sha-256\n');
    for (const [name, variable] of Object.entries(clients))
      expect(serviceOf(raw, name).environment[variable]).toBe("library");
    if (system === "mnemolite") expect(server.command).toContain("cron.database_name=library");
    if (system !== "mnemolite")
      expect(serviceOf(raw, "postgres-exporter").environment.DATA_SOURCE_URI).toContain("/library?");
  });

  it.each([
    ["a name of PostgreSQL", { database: "template1" }],
    ["a name with capitals", { database: "Library" }],
    ["the administrator", { user: "postgres" }],
    ["a login of clients", { user: "rag_1" }],
  ])("is not %s", (_, postgres) => {
    const [found, ...more] = problems({ postgres });
    expect(found?.path).toBe(`ragdock:postgres.${Object.keys(postgres)[0]}`);
    expect(more).toEqual([]);
  });

  it("has no names in a system without PostgreSQL", () => {
    expect(problems({ system: "m31", postgres: { database: "library" } })).toMatchObject([
      { path: "ragdock:postgres", problem: "m31 has no PostgreSQL" },
    ]);
  });
});

describe("the server of mnemolite", () => {
  const settingsWith = (memory: string) =>
    serviceOf({ system: "mnemolite", services: { db: { limits: { memory, reservation: "512MiB" } } } }, "db")
      .command;

  it("has the settings of the original at its memory limit, and other settings at another limit", () => {
    const original = ["shared_buffers=512MB", "work_mem=16MB", "maintenance_work_mem=128MB"];
    expect(settingsWith("2GiB")).toEqual(
      expect.arrayContaining([
        ...original,
        "effective_cache_size=1024MB",
        "max_parallel_workers_per_gather=4",
      ]),
    );
    expect(settingsWith("4GiB")).toEqual(
      expect.arrayContaining(["shared_buffers=1024MB", "work_mem=32MB", "effective_cache_size=2048MB"]),
    );
  });

  it("answers to the names of the original's containers", () => {
    const aliases = Object.fromEntries(
      systemWith({ system: "mnemolite" }).services.flatMap((s) =>
        s.aliases?.length ? [[s.name, s.aliases]] : [],
      ),
    );
    expect(aliases).toEqual({
      db: ["database", "mnemo-postgres"],
      chromadb: ["mnemo-chroma"],
      api: ["mnemo-api"],
      worker: ["mnemo-worker"],
    });
  });
});
