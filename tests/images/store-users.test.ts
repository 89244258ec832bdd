/**
 * Attacks the stores with the users that their clients have. The containers run the real start
 * scripts and jobs of `full`, with stand-ins of the official images.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isLongRunning, type ServiceSpec } from "../../config/spec/service.ts";
import { docker } from "../../host/docker.ts";
import { type TestContainer, withVolume } from "../support/docker.ts";
import { systemWith } from "../support/program.ts";
import { ServiceContainers } from "../support/service-container.ts";

const generation = (number: number): Record<string, string> => ({
  "postgres-admin-password": "admin",
  "postgres-user": `rag_${number}`,
  "postgres-password": `secret${number}`,
  "postgres-monitor-user": `monitor_${number}`,
  "postgres-monitor-password": `watch${number}`,
  "redis-admin-password": "admin",
  "redis-user": `rag_${number}`,
  "redis-password": `secret${number}`,
  "redis-monitor-user": `monitor_${number}`,
  "redis-monitor-password": `watch${number}`,
});

const { services } = systemWith({ images: "packages" });
const named = (name: string): ServiceSpec => {
  const found = services.find((s) => s.name === name);
  if (!found) throw new Error(`no service ${name}`);
  return found;
};

const ready = (container: TestContainer, name: string) => {
  const spec = named(name);
  const [kind, ...test] = isLongRunning(spec) ? spec.healthcheck.test : [];
  return container.healthy(kind === "CMD" ? test : ["sh", "-c", test.join(" ")], 60);
};

/**
 * The containers of a group of tests. Groups have separate networks, because their servers have the
 * same name.
 */
function containersOfGroup(): ServiceContainers {
  const containers = new ServiceContainers();
  beforeAll(() => containers.begin());
  afterAll(() => containers.end());
  return containers;
}

describe("a client of PostgreSQL", () => {
  const containers = containersOfGroup();
  let server: TestContainer;
  beforeAll(async () => {
    server = await containers.start(named("postgres"), generation(1));
    await ready(server, "postgres");
    await containers.start(named("postgres-credentials"), generation(1));
  }, 120_000);

  /** Runs SQL over the network, as the clients do. */
  const as = (user: string, password: string, sql: string) =>
    server.exec(
      "env",
      `PGPASSWORD=${password}`,
      ...["psql", "-h", "postgres", "-U", user, "-d", "rag", "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", sql],
    );
  const client = (sql: string) => as("rag_1", "secret1", sql);

  it("acts as the owner, makes tables, and finds the extension", async () => {
    expect(await client("CREATE TABLE notes (v vector(2)); SELECT current_user")).toBe("rag");
    expect(
      await client(
        "CREATE EXTENSION IF NOT EXISTS vector; SELECT tableowner FROM pg_tables WHERE tablename = 'notes'",
      ),
    ).toBe("rag");
  });

  it.each([
    ["reads a file of the server", "SELECT pg_read_file('/run/secrets/admin-password')"],
    ["runs a program", "COPY (SELECT 1) TO PROGRAM 'id'"],
    ["creates a role", "CREATE ROLE mole SUPERUSER LOGIN"],
    ["becomes the administrator", "SET ROLE postgres"],
    ["gets rights of the administrator", "GRANT postgres TO rag_1"],
    ["changes another role's password", "ALTER ROLE monitor_1 PASSWORD 'x'"],
    ["changes the server", "ALTER SYSTEM SET log_statement = 'all'"],
  ])("never %s", async (_, sql) => {
    await expect(client(sql)).rejects.toThrow(/permission denied|must be|Only roles with/);
  });

  it("cannot give the owner a password that works after a rotation", async () => {
    await client("ALTER ROLE rag PASSWORD 'mine'");
    await expect(as("rag", "mine", "SELECT 1")).rejects.toThrow("pg_hba.conf rejects");
  });

  it("shares its database with a monitor role, which cannot read data", async () => {
    const monitor = (sql: string) => as("monitor_1", "watch1", sql);
    expect(await monitor("SELECT count(*) > 0 FROM pg_stat_activity WHERE query IS NOT NULL")).toBe("t");
    await expect(monitor("SELECT * FROM notes")).rejects.toThrow("permission denied");
    await expect(monitor("SELECT pg_read_file('/run/secrets/admin-password')")).rejects.toThrow(
      "permission denied",
    );
  });

  it("of the next generation owns the same objects", async () => {
    await containers.start(named("postgres-credentials"), generation(2));
    expect(await as("rag_2", "secret2", "DROP TABLE notes; SELECT current_user")).toBe("rag");
  });
});

describe("a cluster of version 0.2", () => {
  const containers = containersOfGroup();

  it("keeps its data, and its clients lose the administrator's rights", async () => {
    await withVolume(async (volume) => {
      const spec = named("postgres");
      // Version 0.2 created the cluster with the applications' role.
      const environment = { ...spec.environment, POSTGRES_USER: "rag" };
      const old = await containers.start(
        { ...spec, environment, command: ["postgres"] } as ServiceSpec,
        generation(1),
        volume,
      );
      await ready(old, "postgres");
      const sql = (container: TestContainer, user: string, text: string) =>
        container.exec("psql", "-U", user, "-d", "rag", "-qXAt", "-v", "ON_ERROR_STOP=1", "-c", text);
      await sql(
        old,
        "rag",
        `CREATE EXTENSION vector; CREATE SCHEMA shelf; CREATE TYPE shelf.mood AS ENUM ('good');
       CREATE TABLE shelf.books (id int GENERATED ALWAYS AS IDENTITY, old serial, mood shelf.mood, v vector(2));
       INSERT INTO shelf.books (mood, v) VALUES ('good', '[1,2]');
       CREATE VIEW books AS SELECT * FROM shelf.books;
       CREATE FUNCTION shelf.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
       CREATE ROLE rag_1 LOGIN PASSWORD 'secret1'; GRANT rag TO rag_1; ALTER ROLE rag_1 SET role = 'rag'`,
      );
      await old.stop();
      await docker("rm", old.name);
      const now = await containers.start(spec, generation(1), volume);
      await ready(now, "postgres");
      await containers.start(named("postgres-credentials"), generation(1));
      const ask = (text: string) =>
        now.exec(
          "env",
          "PGPASSWORD=secret1",
          "psql",
          "-h",
          "postgres",
          "-U",
          "rag_1",
          "-d",
          "rag",
          "-qXAt",
          "-c",
          text,
        );
      expect(await ask("SELECT shelf.twice(id), mood, v FROM books")).toBe("2|good|[1,2]");
      await ask(
        "INSERT INTO shelf.books (mood) VALUES ('good'); ALTER TABLE shelf.books ADD more int; DROP VIEW books",
      );
      await expect(ask("COPY (SELECT 1) TO PROGRAM 'id'")).rejects.toThrow("permission denied");
      expect(await sql(now, "postgres", "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper")).toBe(
        "postgres",
      );
      const owned =
        "SELECT string_agg(relkind::text || relname, ',') FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relowner = 10 AND nspname IN ('public', 'shelf')";
      expect(await sql(now, "postgres", owned)).toBe("");
    });
  }, 180_000);
});

describe("a client of Redis", () => {
  const containers = containersOfGroup();
  let server: TestContainer;
  beforeAll(async () => {
    server = await containers.start(named("redis"), generation(1));
    await ready(server, "redis");
    await containers.start(named("redis-credentials"), generation(1));
  }, 120_000);

  const as = (user: string, password: string, ...command: string[]) =>
    server.exec("redis-cli", "-e", "--no-auth-warning", "--user", user, "--pass", password, ...command);
  const client = (...command: string[]) => as("rag_1", "secret1", ...command);

  it("uses data, scripts and channels", async () => {
    expect(await client("SET", "key", "value")).toBe("OK");
    expect(await client("EVAL", "return redis.call('GET', KEYS[1])", "1", "key")).toBe("value");
    expect(await client("PUBLISH", "channel", "x")).toBe("0");
    expect(await client("INFO", "server")).toContain("redis_version");
  });

  it.each([
    [["CONFIG", "SET", "maxmemory", "1"]],
    [["REPLICAOF", "203.0.113.1", "6379"]],
    [["MIGRATE", "203.0.113.1", "6379", "key", "0", "1000"]],
    [["ACL", "LIST"]],
    [["CLIENT", "KILL", "TYPE", "normal"]],
    [["SHUTDOWN"]],
    [["MODULE", "LIST"]],
  ])("is refused %j", async (command) => {
    await expect(client(...command)).rejects.toThrow(/NOPERM/);
  });

  it("shares the server with a monitor user and a probe user, which cannot read data", async () => {
    expect(await as("monitor_1", "watch1", "INFO", "memory")).toContain("used_memory");
    await expect(as("monitor_1", "watch1", "GET", "key")).rejects.toThrow("NOPERM");
    await expect(as("monitor_1", "watch1", "CONFIG", "SET", "maxmemory", "1")).rejects.toThrow("NOPERM");
    expect(await as("probe", "any", "PING")).toBe("PONG");
    await expect(as("probe", "any", "INFO")).rejects.toThrow("NOPERM");
    await expect(as("probe", "any", "GET", "key")).rejects.toThrow("NOPERM");
  });

  it("can still log in after a restart", async () => {
    await docker("restart", server.name);
    await ready(server, "redis");
    expect(await client("PING")).toBe("PONG");
    expect(await as("monitor_1", "watch1", "PING")).toBe("PONG");
  });
});
