/**
 * Swaps the live database of the PostgreSQL stand-in with a restored dump, and back. The database
 * has pg_cron, which can exist in only one database of a server, and its own rights and settings.
 * These tests do not prove that this works while clients write.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Incoming } from "../../cli/data/incoming.ts";
import { Postgres } from "../../cli/data/postgres.ts";
import type { Container } from "../../host/docker.ts";
import { imageNamed, withContainer } from "../support/docker.ts";

const options = ["-e", "POSTGRES_PASSWORD=x", "-e", "POSTGRES_USER=rag", "-e", "POSTGRES_DB=rag"];
const settings = {
  shared_preload_libraries: "pg_cron",
  "cron.database_name": "rag",
  "cron.use_background_workers": "on",
};
const command = [
  "postgres",
  ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
];

const before = `
CREATE EXTENSION pg_cron; CREATE EXTENSION vector;
CREATE TABLE t (id int PRIMARY KEY, v vector(3)); INSERT INTO t VALUES (1, '[1,2,3]'), (2, '[4,5,6]');
SELECT cron.schedule('tick', '0 3 * * *', 'SELECT 1');
ALTER DATABASE rag SET search_path = public, cron;
CREATE ROLE app; REVOKE CONNECT ON DATABASE rag FROM PUBLIC; GRANT CONNECT ON DATABASE rag TO app;
`;
const later = `
DELETE FROM t WHERE id = 2;
SELECT cron.unschedule('tick'); SELECT cron.schedule('tock', '0 4 * * *', 'SELECT 2');
`;
const state = `
SELECT string_agg(id::text, ',' ORDER BY id) FROM t;
SELECT jobname FROM cron.job;
SHOW search_path;
SELECT has_database_privilege('app', 'rag', 'CONNECT'), datallowconn FROM pg_database WHERE datname = 'rag';
`;

it("replaces the live database with a restored dump, and reverts that", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-swap-"));
  try {
    await withContainer("postgres", { options, command }, async (container) => {
      await container.healthy(imageNamed("postgres").healthcheck ?? []);
      const server = new Postgres(container.name);
      await server.query(before);
      const { tables, bytes, sha256 } = await server.dump(join(folder, "x.dump"));
      expect(tables["public.t"]?.rows).toBe(2);
      await server.query(later);
      const part = { kind: "postgres", service: "db", volume: "x", file: "x.dump", image: "" } as const;
      const facts = await server.facts();
      const incoming = new Incoming(
        "test",
        { ...part, bytes, sha256, tables, ...facts },
        { Id: container.name, Image: "" } as Container,
        folder,
      );
      await incoming.prepare();
      await incoming.swap();
      expect(await server.query(state)).toBe("1,2\ntick\npublic, cron\nt\tt");
      await incoming.swapBack();
      expect(await server.query(state)).toBe("1\ntock\npublic, cron\nt\tt");
      await incoming.clear();
      expect(await server.query("SELECT datname FROM pg_database WHERE datname ~ 'ragdock'")).toBe("");
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
