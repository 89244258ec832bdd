/**
 * Tests the scripts that check stores outside of the stack, with stand-ins for psql and redis-cli.
 * tests/slow/external.test.ts runs the one of Redis against a server.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { projectDir } from "../../../host/paths.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-external-"));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Runs a script with a stand-in for its client. Paths of secrets are replaced by paths in the
 * folder.
 */
function run(script: string, client: string, stub: string, env: Record<string, string>) {
  writeFileSync(join(folder, "password"), "a:b\\c");
  const stand = join(folder, client);
  writeFileSync(stand, `#!/bin/bash\n${stub}\n`);
  chmodSync(stand, 0o755);
  const text = readFileSync(join(projectDir, "config/services/files", script), "utf8")
    .replaceAll("/run/secrets/", `${folder}/`)
    .replaceAll("/dev/shm/password", `${folder}/pgpass`);
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", text], {
    env: { PATH: `${folder}:${process.env.PATH}`, ...env },
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

const postgres = {
  PGHOST: "db",
  PGPORT: "5432",
  PGDATABASE: "library",
  PGUSER: "app",
  EXTENSIONS: "vector pg_partman:partman",
};
const psql = (stub: string) => run("postgres-external.sh", "psql", stub, postgres);

describe("the check of PostgreSQL", () => {
  it.each([
    ['FATAL:  password authentication failed for user "app"', "ragdock:postgres.external.user"],
    ['FATAL:  role "app" does not exist', "ragdock:postgres.external.user"],
    ['FATAL:  database "library" does not exist', "ragdock:postgres.external.database"],
    ['FATAL:  no pg_hba.conf entry for host "10.0.0.1", no encryption', "ragdock:postgres.external.tls"],
    ["SSL error: certificate verify failed", "ragdock:postgres.external.tls"],
    ["server does not support SSL, but SSL was required", "ragdock:postgres.external.tls"],
    ["could not connect to server: Connection refused", "ragdock:postgres.external.host"],
    ['could not translate host name "db" to address', "ragdock:postgres.external.host"],
  ])("says which setting to correct after: %s", (error, setting) => {
    const { status, said } = psql(`echo '${error}' >&2; exit 2`);
    expect(status).toBe(1);
    expect(said).toContain(error);
    expect(said).toMatch(new RegExp(`[Cc]orrect ${setting}`));
  });

  it("names the extension that is missing, and the command that adds it", () => {
    const { status, said } = psql(`case "$*" in *pg_partman*) echo 0 ;; *) echo 1 ;; esac`);
    expect(status).toBe(1);
    expect(said).toContain("CREATE EXTENSION pg_partman;");
  });

  it("names a role that may not create tables", () => {
    const { status, said } = psql(`case "$*" in *privilege*) echo f ;; *) echo 1 ;; esac`);
    expect(status).toBe(1);
    expect(said).toContain('GRANT CREATE ON SCHEMA public TO "app";');
  });

  it("succeeds, with the password in a file and nowhere else", () => {
    const { status, said } = psql(`case "$*" in *privilege*) echo t ;; *) echo 1 ;; esac`);
    expect({ status, said }).toEqual({ status: 0, said: "Role app can log in to library at db:5432.\n" });
    expect(readFileSync(join(folder, "pgpass"), "utf8")).toBe("*:*:*:*:a\\:b\\\\c\n");
    expect(execFileSync("stat", ["-c", "%a", join(folder, "pgpass")], { encoding: "utf8" }).trim()).toBe(
      "600",
    );
  });
});

const redis = { REDIS_HOST: "cache", REDIS_PORT: "6379", REDIS_USER: "app", REDIS_TLS_AUTHORITY: "/ca.pem" };
const redisCli = (stub: string, tls = "disable") =>
  run("redis-external.sh", "redis-cli", stub, { ...redis, REDIS_TLS: tls });

describe("the check of Redis", () => {
  it.each([
    ["WRONGPASS invalid username-password pair", "ragdock:redis.external.user"],
    ["NOAUTH Authentication required.", "ragdock:redis.external.user"],
    [
      "Could not connect to Redis at cache:6379: SSL_connect failed: certificate verify failed",
      "ragdock:redis.external.tls",
    ],
    ["Could not connect to Redis at cache:6379: Connection refused", "ragdock:redis.external.host"],
  ])("says which setting to correct after: %s", (error, setting) => {
    const { status, said } = redisCli(`echo '${error}'`);
    expect(status).toBe(1);
    expect(said).toMatch(new RegExp(`[Cc]orrect ${setting}`));
  });

  it.each([
    ["disable", "-h cache -p 6379"],
    ["require", "-h cache -p 6379 --tls --insecure"],
    ["verify-full", "-h cache -p 6379 --tls --cacert /ca.pem --sni cache"],
  ])("encrypts as the mode %s says, and keeps the password off the command line", (tls, args) => {
    const { status, said } = redisCli(
      `echo "$*" > ${folder}/args; cat > ${folder}/input; printf 'OK\\nPONG\\n'`,
      tls,
    );
    expect({ status, said }).toEqual({ status: 0, said: "User app can log in at cache:6379.\n" });
    expect(readFileSync(join(folder, "args"), "utf8").trim()).toBe(args);
    expect(readFileSync(join(folder, "input"), "utf8")).toBe('AUTH "app" "a:b\\\\c"\nPING\n');
  });
});
