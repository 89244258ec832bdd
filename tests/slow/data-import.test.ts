/**
 * Tests the import of dumps into a running PostgreSQL of which only the store is deployed: in SQL
 * and in the custom format, over data, and over tables that exist. tests/systems/rag-events.test.ts
 * imports a folder with a FAISS index.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker, projectDir, TestStack } from "../support/stack.ts";

/** A database with a sequence, a name that needs quotes, tabs, quotes, NULL and numbers that are rounded. */
const old = `
CREATE TABLE events (id serial PRIMARY KEY, title text NOT NULL, place text);
CREATE TABLE "Odd Name" (v double precision, note text);
INSERT INTO events (title, place) SELECT 'event ' || i, CASE WHEN i % 3 = 0 THEN NULL ELSE E'tab\\there \\\\N' END
  FROM generate_series(1, 2500) i;
INSERT INTO "Odd Name" VALUES (0.1, 'é'), ('NaN', E'\\\\.'), (1e300, '');
`;
/** A sum of all rows, which differs if a value does. */
const summary = `SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM (SELECT * FROM events) t
  UNION ALL SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM (SELECT * FROM "Odd Name") t
  UNION ALL SELECT last_value::text FROM events_id_seq`;
const owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'";

const folder = mkdtempSync(join(tmpdir(), "ragdock-dump-"));
const stack = new TestStack("e2e-import-dump", {
  system: "full",
  images: "packages",
  services: { gateway: { port: 28_220 }, prometheus: { port: 28_221 } },
});
let wanted: string;

/** Runs SQL as the administrator. */
async function sql(text: string, database = "rag"): Promise<string> {
  const psql = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", text];
  return (await docker("exec", await stack.container("postgres"), ...psql)).trim();
}

beforeAll(async () => {
  const { code, output } = await stack.make("up", "--service", "postgres-credentials");
  expect(code, output).toBe(0);
  await sql("CREATE DATABASE old");
  await sql(old, "old");
  wanted = await sql(summary, "old");
  for (const [file, format] of [
    ["dump.sql", "plain"],
    ["dump.custom", "custom"],
  ] as const) {
    const dump = ["pg_dump", "-U", "postgres", "--no-owner", "--no-privileges", `--format=${format}`, "old"];
    const container = await stack.container("postgres");
    writeFileSync(join(folder, file), execFileSync("docker", ["exec", container, ...dump]));
  }
  await sql("DROP DATABASE old");
});
afterAll(async () => {
  await stack.remove();
  rmSync(folder, { recursive: true });
  rmSync(join(projectDir, ".ragdock", "backups", stack.name), { recursive: true, force: true });
});

describe.each(["dump.sql", "dump.custom"])("%s", (file) => {
  const path = join(folder, file);
  const load = () => stack.make("data import", path, "--service", "postgres");

  it("is imported with all its rows, which belong to the owner of the database", async () => {
    const { code, output } = await load();
    expect(code, output).toBe(0);
    const digest = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16);
    expect(output).toContain(
      `Imported into postgres: 2503 rows, of which 2503 were counted in the dump, 2 new tables, owned by rag, SHA-256 of the dump ${digest}…`,
    );
    expect(await sql(summary)).toBe(wanted);
    expect(await sql(owners)).toBe("rag");
  });

  it("is refused where there is data, and changes nothing", async () => {
    const { code, output } = await load();
    expect(code).toBe(1);
    expect(output).toContain("postgres has data already. Nothing was changed.");
    expect(await sql(summary)).toBe(wanted);
    await sql('DROP TABLE events, "Odd Name"');
  });
});

it("a dump that fails half way leaves nothing behind", async () => {
  const path = join(folder, "broken.sql");
  writeFileSync(path, `${readFileSync(join(folder, "dump.sql"), "utf8")}\nSELECT 1 / 0;\n`);
  const { code, output } = await stack.make("data import", path, "--service", "postgres");
  expect(code).toBe(1);
  expect(output).toContain("The dump was not imported, and nothing was changed");
  expect(output).toContain("division by zero");
  expect(await sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).toBe("0");
});
