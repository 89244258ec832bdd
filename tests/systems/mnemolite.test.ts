/**
 * Tests the running system mnemolite: its services, its main task and its traps. These tests do not
 * prove that partitions are dropped after 30 days.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { expectDeclared } from "../support/connections.ts";
import {
  imageOf,
  inside,
  type Observed,
  observe,
  reaches,
  startOrder,
  withOutside,
} from "../support/observe.ts";
import { projectDir, TestStack } from "../support/stack.ts";
import { clientOf } from "./mnemolite-client.ts";
import { describeProd } from "./mnemolite-prod.ts";
import { describeEnd, describeMakefile, describeSeed } from "./mnemolite-seed.ts";
import { describeTraps } from "./mnemolite-traps.ts";
import { fact, handbook } from "./small-rag.ts";

const port = 18_500;
const services = { api: { port }, db: { port: 18_501 }, chromadb: { port: 18_502 } };
const settings = { system: "mnemolite", images: "packages", services };
const stack = new TestStack("e2e-mnemo", settings);
let running: Record<string, Observed> = {};

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  running = await observe(stack);
});
afterAll(() => stack.remove());

const { sql, asAdmin, remember, found } = clientOf(stack, port);

describe("mnemolite in dev", () => {
  it("runs under its own names, ports, networks and volumes", () => {
    expect(Object.keys(running).sort()).toEqual([
      "api",
      "chromadb",
      "db",
      "db-credentials",
      "gateway",
      "ingress",
      "setup",
      "worker",
    ]);
    expect(running.db).toMatchObject({
      ports: ["127.0.0.1:18501->5432"],
      networks: ["db", "outside"],
      mounts: { "/var/lib/postgresql/data": "postgres_data" },
      user: "999:999",
      cpus: 2,
      memory: 2048,
      reservation: 1024,
      shm: 1024,
      health: "5s/5s/10s/5",
      logs: "10m x 3",
    });
    expect(running.db?.names).toEqual(expect.arrayContaining(["db", "database", "mnemo-postgres"]));
    expect(running.chromadb?.names).toContain("mnemo-chroma");
    expect(running.worker?.names).toContain("mnemo-worker");
    expect(running.chromadb).toMatchObject({
      ports: ["127.0.0.1:18502->8000"],
      mounts: { "/data": "chroma_data" },
      cpus: 1,
      memory: 1024,
      logs: "10m x 3",
    });
    const source = (folder: string): string => `${projectDir}/systems/mnemolite/${folder}:ro`;
    expect(running.api).toMatchObject({
      ports: [],
      networks: ["app", "chromadb", "db"],
      mounts: {
        "/app/cache": "api_cache",
        "/app/config": source("config"),
        "/app/templates": source("templates"),
      },
      user: "10001:10001",
      cpus: 1,
      memory: 512,
      logs: "10m x 3",
    });
    expect(running.ingress?.ports).toEqual([`127.0.0.1:${port}->8080`]);
    expect(running.worker).toMatchObject({
      ports: [],
      networks: ["chromadb", "db"],
      mounts: { "/app/data": "worker_data", "/app/config": source("config") },
      command: ["ingestion.py"],
      cpus: 1,
      memory: 1024,
      logs: "10m x 3",
    });
  });

  it("starts both stores, then the setup, then API and worker, and the API has two workers", async () => {
    const order = startOrder(running);
    for (const store of ["db", "chromadb"]) {
      expect(order.indexOf(store)).toBeLessThan(order.indexOf("api"));
      expect(order.indexOf(store)).toBeLessThan(order.indexOf("worker"));
    }
    expect(order.indexOf("setup")).toBeLessThan(order.indexOf("api"));
    expect((await inside(stack, "api", "env")).output).toMatch(/^UVICORN_WORKERS=2$/m);
  });

  it("has an image without build tools", async () => {
    const image = await imageOf(stack, "api", ["gcc", "uv", "curl"]);
    expect(image.found).toEqual([]);
    expect(image.megabytes).toBeLessThan(320);
  });

  it("lets worker and API reach the stores, and nothing outside", async () => {
    expect(await reaches(stack, "worker", "database", 5432)).toBe(true);
    expect(await reaches(stack, "worker", "chromadb", 8000)).toBe(true);
    await withOutside(async (host, outside) => {
      expect(await reaches(stack, "api", host, outside)).toBe(false);
      expect(await reaches(stack, "worker", host, outside)).toBe(false);
    });
  });

  it("connects its services as declared, and no others", () => expectDeclared(stack, settings));

  it("runs a tuned PostgreSQL 17 with checksums, extensions, partitions and jobs", async () => {
    expect(await sql("SHOW server_version")).toMatch(/^17\./m);
    const settings = await asAdmin(
      "SELECT name || '=' || current_setting(name) FROM pg_settings WHERE name IN ('data_checksums', 'shared_buffers', " +
        "'work_mem', 'effective_cache_size', 'maintenance_work_mem', 'max_parallel_workers_per_gather', 'shared_preload_libraries')",
    );
    for (const line of [
      "data_checksums=on",
      "shared_buffers=512MB",
      "work_mem=16MB",
      "effective_cache_size=1GB",
      "maintenance_work_mem=128MB",
      "max_parallel_workers_per_gather=4",
      "shared_preload_libraries=pg_cron,pg_partman_bgw",
    ]) {
      expect(settings).toContain(line);
    }
    const extensions = await sql("SELECT extname FROM pg_extension");
    for (const name of ["vector", "pg_cron", "pg_partman"]) expect(extensions).toContain(name);
    expect(await sql("SELECT parent_table FROM partman.part_config")).toContain("public.events");
    expect(
      Number(
        (await sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'public.events'::regclass")).match(
          /\d+/,
        )?.[0],
      ),
    ).toBeGreaterThan(4);
  });

  it("has the queue functions of pgmq, for its client", async () => {
    const read = "SELECT message->>'text' FROM pgmq.read('work', 30, 1)";
    expect(
      await sql(
        `SELECT pgmq.create('work'); SELECT pgmq.send('work', '{"text": "a message"}'); ${read}; SELECT pgmq.drop_queue('work')`,
      ),
    ).toContain("a message");
  });

  it("has the database and the owner of the original", async () => {
    expect(await sql("SELECT current_database() || ' of ' || current_user")).toContain("mnemolite of mnemo");
    const tables = await asAdmin("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'");
    expect(tables.match(/^ *(mnemo|rag|postgres)$/gm)?.map((name) => name.trim())).toEqual(["mnemo"]);
  });

  it("stores texts, finds them by meaning and shows them on its page", async () => {
    await remember(handbook);
    expect(await found()).toContain(fact);
    const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    expect(page).toContain("<form");
  });

  it("has run a scheduled job", async () => {
    await eventually(async () => {
      const runs = await sql("SELECT count(*) FROM cron.job_run_details WHERE status = 'succeeded'");
      return Number(runs.match(/\d+/)?.[0]) > 0 ? true : undefined;
    }, 130);
  });
});

describe("mnemolite in dev, by its seed", () => {
  describeSeed({ stack, environment: "dev", port });
  describeMakefile(stack);
});

describeTraps(stack, port);
describeProd(stack);
describeEnd(stack);
