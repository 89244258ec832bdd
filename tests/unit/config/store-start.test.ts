/**
 * Runs the start scripts of MySQL and ClickHouse with bash, in a temporary folder in place of the
 * root. It does not prove that the servers accept what the scripts write.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execaSync } from "execa";
import { expect, it, onTestFinished } from "vitest";

/** Runs a script with all paths moved below a folder. @returns what the entrypoint printed */
function run(name: string, files: Readonly<Record<string, string>>, words: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), "ragdock-start-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode: 0o755 });
  }
  const text = readFileSync(`config/services/files/${name}-start.sh`, "utf8");
  const moved = text.replaceAll(/(?<=[\s"=<(])(?=\/(run|etc|var|entrypoint))/g, root);
  const env = { PATH: `${root}:${process.env.PATH}`, CLIENT: "rag" };
  const { stdout } = execaSync("bash", ["-c", moved, "start", ...words], { env });
  return { root, stdout: stdout.replaceAll(root, "") };
}

const entrypoint = '#!/bin/sh\nprintf "%s\\n" started "$@"\n';

it("MySQL reads the passwords even if data exists", () => {
  const files = { "docker-entrypoint.sh": entrypoint };
  const words = ["mysqld", "--innodb-buffer-pool-size=2M"];
  expect(run("mysql", files, words).stdout.split("\n")).toEqual(["started", ...words]);
  const filled = { ...files, "var/lib/mysql/mysql/user.ibd": "" };
  const init = "--init-file=/run/secrets/logins.sql";
  expect(run("mysql", filled, words).stdout.split("\n")).toEqual(["started", ...words, init]);
});

it("ClickHouse has one user, with the hash of its password", () => {
  const users = "etc/clickhouse-server/users.d/ragdock.xml";
  const files = { "entrypoint.sh": entrypoint, "run/secrets/password": "hunter22", [users]: "" };
  const { root, stdout } = run("clickhouse", files, []);
  expect(stdout.trim()).toBe("started");
  const xml = readFileSync(join(root, users), "utf8");
  const hash = createHash("sha256").update("hunter22").digest("hex");
  expect(xml).toContain(`<password_sha256_hex>${hash}</password_sha256_hex>`);
  expect(xml).toContain('<default remove="remove"></default>');
  expect(xml.match(/<\/?rag>/g)).toEqual(["<rag>", "</rag>"]);
  expect(xml).not.toContain("hunter22");
});
