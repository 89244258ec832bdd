/**
 * Brings up `full` with PostgreSQL, Redis and Chroma outside of the stack. PostgreSQL and Redis use
 * TLS with an own authority. These tests do not prove Chroma with TLS, whose certificate must be of
 * a public authority, nor a server of another major version.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import type { TestContainer } from "../support/docker.ts";
import { observe } from "../support/observe.ts";
import { OutsideServers } from "../support/outside-servers.ts";
import { Rag } from "../support/rag.ts";
import { docker, TestStack } from "../support/stack.ts";

const [port, prometheus] = [18_680, 18_681];
const ports = { postgres: 18_682, redis: 18_683, chroma: 18_684 };
// The exporter of PostgreSQL cannot read a password with a blank.
const password = "ab:\\c'";
const servers = new OutsideServers("e2e-outside");
const stack = new TestStack("e2e-outside", {});
const rag = new Rag(port);
let postgres: TestContainer;
let redis: TestContainer;

const settings = (over: Record<string, unknown> = {}) => ({
  system: "full",
  images: "packages",
  vectorStore: "chroma",
  postgres: {
    external: { host: servers.address, port: ports.postgres, database: "library", user: "app", ...over },
  },
  redis: { external: { host: servers.address, port: ports.redis, user: "app" } },
  chroma: { external: { host: servers.address, port: ports.chroma, tls: "disable" } },
  services: { gateway: { port }, prometheus: { port: prometheus, exposure: "loopback" } },
});

const sql = (query: string, database = "library"): Promise<string> =>
  postgres.exec("psql", "-U", "postgres", "-d", database, "-XAtc", query);

/** Starts Redis without a user that may log in. @param users more of its command line */
const startRedis = (...users: string[]): Promise<TestContainer> =>
  servers.start("redis", [6379, ports.redis], {
    command: [
      ...["redis-server", "--port", "0", "--tls-port", "6379", "--tls-auth-clients", "no"],
      ...["--tls-cert-file", "/tls/server.pem", "--tls-key-file", "/tls/server.key"],
      ...["--tls-ca-cert-file", "/tls/authority.pem", "--user", "default", "off", ...users],
    ],
  });

beforeAll(async () => {
  await servers.begin();
  const secure = "install -m 600 /tls/server.key /tmp/server.key && exec docker-entrypoint.sh postgres";
  const tls = "-c ssl=on -c ssl_cert_file=/tls/server.pem -c ssl_key_file=/tmp/server.key";
  postgres = await servers.start("postgres", [5432, ports.postgres], {
    options: ["--user", "999:999", "-e", "POSTGRES_PASSWORD=admin", "--entrypoint", "bash"],
    command: ["-c", `${secure} ${tls}`],
  });
  redis = await startRedis();
  await servers.start("chroma", [8000, ports.chroma], {});
  await postgres.healthy(["pg_isready", "-q", "-h", "127.0.0.1"], 120);
  await sql(`CREATE ROLE app LOGIN PASSWORD '${password.replaceAll("'", "''")}'`, "postgres");
  await sql("CREATE DATABASE library OWNER app", "postgres");
});

afterAll(async () => {
  await stack.remove();
  await servers.end();
});

const failed = async (): Promise<string> => {
  const { code, output } = await stack.make("up");
  expect(code, output).not.toBe(0);
  return output;
};

describe("a deployment is refused before a client starts, with the setting to correct, if", () => {
  it("the certificate is of another authority", async () => {
    stack.configure(settings());
    await stack.secret("postgresPassword", "wrong");
    await stack.secret("redisPassword", password);
    await stack.secret("postgresAuthority", await servers.authority("other"));
    await stack.secret("redisAuthority", servers.trusted);
    expect(await failed()).toContain("Correct ragdock:postgres.external.tls or the secret postgresAuthority");
    expect(await stack.container("api")).toBe("");
  });

  it("the password is wrong", async () => {
    await stack.secret("postgresAuthority", servers.trusted);
    expect(await failed()).toContain("Correct ragdock:postgres.external.user or the secret postgresPassword");
  });

  it("the database does not exist", async () => {
    await stack.secret("postgresPassword", password);
    stack.configure(settings({ database: "nowhere" }));
    expect(await failed()).toContain("has no database nowhere. Correct ragdock:postgres.external.database");
  });

  it("the database lacks an extension", async () => {
    stack.configure(settings());
    expect(await failed()).toContain("CREATE EXTENSION vector;");
  });

  it("Redis has no such user", async () => {
    await sql("CREATE EXTENSION vector");
    expect(await failed()).toContain("Correct ragdock:redis.external.user or the secret redisPassword");
    expect(await stack.container("api")).toBe("");
  });
});

const value = async (query: string): Promise<unknown> => {
  const asked = await fetch(`http://127.0.0.1:${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await asked.json()) as { data: { result: { value: unknown[] }[] } };
  return data.result[0]?.value[1];
};

const documents = async (): Promise<number> => Number(await sql("SELECT count(*) FROM documents"));

describe("a stack on servers outside of it", () => {
  it("serves, encrypted, and runs no store", async () => {
    await docker("rm", "-f", redis.name);
    redis = await startRedis("--user", "app", "on", `>${password}`, "~*", "&*", "+@all", "-@admin");
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    const running = Object.keys(await observe(stack));
    for (const store of ["postgres", "redis", "chroma"]) expect(running).not.toContain(store);
    expect(await rag.upload("one.txt", "text/plain", "The lighthouse is 40 metres high.")).toMatchObject({
      state: "ready",
    });
    expect((await rag.ask("How high is the lighthouse?")).sources).not.toEqual([]);
    const open =
      "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'app' AND NOT ssl";
    expect(await sql(open)).toBe("0");
    const client = [
      "redis-cli",
      "--tls",
      "--insecure",
      "--no-auth-warning",
      "--user",
      "app",
      "--pass",
      password,
    ];
    expect(Number(await redis.exec(...client, "DBSIZE"))).toBeGreaterThan(0);
  });

  it("has their metrics", async () => {
    for (const query of ["min(pg_up)", "min(redis_up)", 'probe_success{service="chroma"}'])
      await eventually(async () => ((await value(query)) === "1" ? true : undefined));
  });

  it("leaves the database alone in a backup, unless it is allowed", async () => {
    const alone = await stack.make("backup");
    expect(alone.output).toContain("postgres is outside of the stack");
    stack.configure(settings({ allow: ["backup"] }));
    const { code, output } = await stack.make("backup");
    expect(code, output).toBe(0);
    expect(output).toMatch(/postgres .* rows of \d+ tables, PostgreSQL 17/);
    expect((await stack.make("drill")).output).toMatch(/postgres: \d+ rows of \d+ tables are the same/);
    const refused = await stack.make("restore", "--confirm", stack.name);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("postgres.external.allow");
  });

  it("restores the database in place, and other tables stay", async () => {
    const before = await documents();
    stack.configure(settings({ allow: ["backup", "restore"] }));
    await sql("CREATE TABLE notes (id int); INSERT INTO notes VALUES (1)");
    await rag.upload("two.txt", "text/plain", "The harbour has two piers.");
    const { code, output } = await stack.make(
      "restore",
      "--confirm",
      stack.name,
      "--from",
      await newestBackup(),
    );
    expect(code, output).toBe(0);
    expect(await documents()).toBe(before);
    expect(await sql("SELECT count(*) FROM notes")).toBe("1");
    expect((await rag.ask("How high is the lighthouse?")).sources).not.toEqual([]);
  });

  it("is taken down, and the servers keep their data", async () => {
    const { code, output } = await stack.make("down");
    expect(code, output).toBe(0);
    expect(await documents()).toBeGreaterThan(0);
  });
});

/** The backup from before the second document. A refused restore makes none. */
async function newestBackup(): Promise<string> {
  const { output } = await stack.make("backups");
  return /\d{4}-\d\d-\d\dT\S+Z/.exec(output)?.[0] ?? "";
}
