import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  imageNamed,
  runToEnd,
  standIn,
  type TestContainer,
  withContainer,
  withVolume,
} from "../support/docker.ts";

const data = imageNamed("postgres").dataPath;
const password = ["-e", "POSTGRES_PASSWORD=secret"];
const ready = async (container: TestContainer) => container.healthy(imageNamed("postgres").healthcheck ?? []);
const sql = (container: TestContainer, query: string, database = "postgres", user = "postgres") =>
  container.exec("psql", "-U", user, "-d", database, "-Atqc", query);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ragdock-postgres-"));
  chmodSync(folder, 0o755); // the server's user must read it
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("postgres", () => {
  it("has the extensions, and checksums if the arguments of initdb ask for them", async () => {
    const options = [...password, "-e", "POSTGRES_INITDB_ARGS=--data-checksums"];
    const command = [
      "postgres",
      "-c",
      "shared_preload_libraries=pg_cron,pg_partman_bgw",
      "-c",
      "max_connections=42",
    ];
    await withContainer("postgres", { options, command }, async (container) => {
      await ready(container);
      for (const extension of ["vector", "pg_cron", "pg_partman"]) {
        await sql(container, `CREATE EXTENSION ${extension}`);
      }
      expect(await sql(container, "SELECT '[1,2]'::vector <-> '[1,5]'::vector")).toBe("3");
      expect(await sql(container, "SHOW data_checksums")).toBe("on");
      expect(await sql(container, "SHOW max_connections")).toBe("42");
      expect(await sql(container, "SHOW server_version_num")).toMatch(/^17/);
    });
  });

  it("reads its names and its password from files, and requires that password over TCP", async () => {
    const file = join(folder, "password");
    writeFileSync(file, "from-a-file\n");
    const options = [
      ...["-v", `${file}:/run/secrets/password:ro`, "-e", "POSTGRES_PASSWORD_FILE=/run/secrets/password"],
      ...["-e", "POSTGRES_USER=rag", "-e", "POSTGRES_DB=library"],
    ];
    await withContainer("postgres", { options }, async (container) => {
      await ready(container);
      // Uses the container's address, because initdb trusts the loopback address.
      const address = await container.exec("hostname", "-i");
      const ask = (secret: string) =>
        container.exec("psql", `postgresql://rag:${secret}@${address}/library`, "-Atqc", "SELECT 1");
      expect(await ask("from-a-file")).toBe("1");
      await expect(ask("another")).rejects.toThrow("password authentication failed");
      const environment = await container.exec("cat", "/proc/1/environ");
      expect(environment).toContain("PGDATA=");
      expect(environment).not.toContain("from-a-file");
    });
  });

  it("refuses to start without a password, and with two passwords", async () => {
    const tag = await standIn("postgres");
    const none = runToEnd(tag, []);
    expect(none.output).toContain("set POSTGRES_PASSWORD_FILE");
    expect(none.status).toBe(1);
    const two = runToEnd(tag, [...password, "-e", "POSTGRES_PASSWORD_FILE=/etc/hostname"]);
    expect(two.output).toContain("both set");
    expect(two.status).toBe(1);
  });

  it("runs init files at the first start only, and keeps its data when the container is replaced", async () => {
    writeFileSync(join(folder, "10.sql"), "CREATE TABLE starts (at timestamptz DEFAULT now());");
    writeFileSync(join(folder, "20.sh"), `psql -U "$POSTGRES_USER" -c 'INSERT INTO starts DEFAULT VALUES'`);
    await withVolume(async (volume) => {
      const options = [
        ...password,
        ...["-v", `${volume}:${data}`, "-v", `${folder}:/docker-entrypoint-initdb.d:ro`],
      ];
      await withContainer("postgres", { options }, async (container) => {
        await ready(container);
        await sql(container, "INSERT INTO starts DEFAULT VALUES");
        expect(await container.stop()).toBe(0);
      });
      await withContainer("postgres", { options }, async (container) => {
        await ready(container);
        expect(await sql(container, "SELECT count(*) FROM starts")).toBe("2");
      });
    });
  });

  it("fails if it cannot read the folder of the init files", async () => {
    const options = [...password, "-v", `${folder}:/docker-entrypoint-initdb.d:ro`];
    chmodSync(folder, 0o700);
    try {
      const { status, output } = runToEnd(await standIn("postgres"), options);
      expect(output).toContain("cannot read /docker-entrypoint-initdb.d");
      expect(status).toBe(1);
    } finally {
      chmodSync(folder, 0o755);
    }
  });

  it("can also start as user 999, without any capability", async () => {
    const options = [...password, "--user", "999:999", "--cap-drop", "ALL"];
    await withContainer("postgres", { options }, async (container) => {
      await ready(container);
      expect(await container.uid()).toBe("999:999");
    });
  });
});
