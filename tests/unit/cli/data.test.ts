/**
 * Tests the parts of a backup, from a system's services. tests/slow/data.test.ts tests the copies
 * of the data.
 */
import { describe, expect, it } from "vitest";
import { leftOut, partsOf } from "../../../cli/data/parts.ts";
import { differences } from "../../../cli/data/postgres.ts";
import { longRunning } from "../../../config/spec/service.ts";
import { systemWith } from "../../support/program.ts";

const secrets = new Set(["postgresPassword", "postgresAuthority"]);

const parts = (raw: Record<string, unknown>): string[] =>
  partsOf(systemWith(raw, { secrets })).map(({ kind, service, volume }) => `${kind} ${service} ${volume}`);

describe("the parts of a backup", () => {
  it.each([
    [{ system: "full" }, ["postgres postgres postgres-data", "files redis redis-data"]],
    [
      { system: "full", vectorStore: "chroma" },
      ["postgres postgres postgres-data", "files redis redis-data", "files chroma chroma-data"],
    ],
    [{ system: "myrag" }, ["postgres pgvector pgvector", "files fastapi fastapi_data"]],
    [{ system: "m31" }, ["files redis redis-data"]],
    [{ system: "rag-events" }, ["files api data"]],
    [{ system: "financerag" }, ["files financerag data"]],
    [
      { system: "mnemolite" },
      [
        "postgres db postgres_data",
        "files chromadb chroma_data",
        "files api api_cache",
        "files worker worker_data",
      ],
    ],
  ])("of %j", (raw, expected) => {
    expect(parts(raw)).toEqual(expected);
  });

  it.each([
    ["no server outside of the stack", undefined, ["files redis redis-data"]],
    ["one that allows it", ["backup"], ["postgres postgres postgres", "files redis redis-data"]],
  ])("have %s", (_, allow, expected) => {
    const external = {
      host: "db.example.org",
      database: "library",
      user: "app",
      ...(allow ? { allow } : {}),
    };
    expect(parts({ postgres: { external } })).toEqual(expected);
  });

  it("list a volume once if several applications share it", () => {
    const app = { image: "mine:1.0", volumes: [{ name: "uploads", path: "/srv", shared: true }] };
    const apps = { web: { ...app, port: 8000, route: "/" }, worker: app };
    expect(parts({ apps })).toEqual([
      "postgres postgres postgres-data",
      "files redis redis-data",
      "files web uploads",
    ]);
  });

  const toolsWith = (more: Record<string, unknown>) => {
    const secrets = new Set(["postgresPassword", "postgresAuthority"]);
    const volumes = [{ name: "files", path: "/srv" }];
    const apps = {
      web: { image: "mine:1.0", port: 8000, route: "/", needs: ["minio", "qdrant"] },
      own: { image: "mine:1.0", volumes },
      built: { source: "examples/web-and-worker/app", volumes: [{ name: "built", path: "/srv" }] },
    };
    const parts = partsOf(systemWith({ apps, ...more }, { secrets }));
    return Object.fromEntries(
      parts.flatMap((part) => (part.kind === "files" ? [[part.service, part.tools]] : [])),
    );
  };

  it("are copied with the tools of PostgreSQL's image, if their own image may have none", () => {
    const more = { minio: "postgres", own: "postgres", built: "postgres" };
    expect(toolsWith({})).toEqual({ redis: undefined, qdrant: undefined, ...more });
  });

  it("are copied with the tools of another store, if PostgreSQL is outside of the stack", () => {
    const postgres = { external: { host: "db.example.org", database: "rag", user: "rag" } };
    const more = { minio: "redis", own: "redis", built: "redis" };
    expect(toolsWith({ postgres })).toEqual({ redis: undefined, qdrant: undefined, ...more });
  });

  it("leave out only the data of monitoring", () => {
    for (const system of ["full", "myrag", "m31", "rag-events", "financerag", "mnemolite"]) {
      const spec = systemWith({ system });
      const all = spec.services.flatMap((s) => s.volumes.map((v) => v.volume));
      const known = [...partsOf(spec).map((part) => part.volume), ...leftOut(spec)];
      expect(known.sort()).toEqual(all.sort());
    }
  });
});

describe("two states of the tables", () => {
  const table = (rows: number, sum: string) => ({ rows, sum });

  it("are compared, and the differences are readable", () => {
    const wanted = { "a.gone": table(1, "1"), "a.less": table(2, "2"), "a.other": table(3, "3") };
    const found = { "a.less": table(1, "1"), "a.other": table(3, "4"), "a.more": table(0, "0") };
    expect(differences(wanted, found)).toEqual([
      "a.gone: missing",
      "a.less: 1 rows instead of 2",
      "a.more: this table is not in the backup",
      "a.other: 3 rows, but not the same ones",
    ]);
    expect(differences(wanted, wanted)).toEqual([]);
  });
});

describe("a version of PostgreSQL", () => {
  const server = (postgresVersion: string, system = "full") =>
    longRunning(systemWith({ system, postgresVersion }).services).find((s) => s.role === "postgres");

  it("has a separate image, volume and folder", () => {
    expect(server("18")).toMatchObject({
      image: { from: "catalogue", image: { name: "postgres-18" } },
      volumes: [{ volume: "postgres-data-18", path: "/var/lib/postgresql" }],
      environment: { PGDATA: "/var/lib/postgresql/18/docker" },
    });
    expect(server("17")).toMatchObject({
      image: { from: "catalogue", image: { name: "postgres" } },
      volumes: [{ volume: "postgres-data", path: "/var/lib/postgresql/data" }],
      environment: { PGDATA: "/var/lib/postgresql/data/pgdata" },
    });
    expect(server("18", "myrag")?.volumes[0]?.volume).toBe("pgvector-18");
  });

  it("is refused if no image contains it", () => {
    expect(() => server("16")).toThrow("ragdock:postgresVersion");
    expect(() => server("18", "mnemolite")).toThrow("ragdock:postgresVersion");
  });
});
