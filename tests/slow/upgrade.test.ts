/**
 * Tests a backup under traffic and an upgrade from PostgreSQL 17 to 18, on real Docker with
 * `images: packages`. PostgreSQL 18 comes from Debian. These tests do not prove the official image
 * of 18, or the time that a large database takes.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { underTraffic } from "../../tools/traffic.ts";
import { Rag } from "../support/rag.ts";
import { docker, projectDir, TestStack } from "../support/stack.ts";

const port = 28_130;
const off = { enabled: false };
const settings = {
  system: "full",
  images: "packages",
  services: {
    gateway: { port },
    prometheus: off,
    alertmanager: off,
    "node-exporter": off,
    "redis-exporter": off,
    "blackbox-exporter": off,
    "nginx-exporter": off,
  },
};
const stack = new TestStack("e2e-data-upgrade", settings);
const rag = new Rag(port);
const volume = "ragdock-e2e-data-upgrade-postgres-data";

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  await rag.upload("otter.txt", "text/plain", "The otter keeper of Lund collects brass compasses.");
});

afterAll(async () => {
  await stack.remove();
  rmSync(join(projectDir, ".ragdock", "backups", stack.name), { recursive: true, force: true });
});

const answer = async (): Promise<string> =>
  (await rag.ask("What does the otter keeper of Lund collect?")).answer;

const serverVersion = async (): Promise<string> =>
  docker(
    "exec",
    await stack.container("postgres"),
    ...["psql", "-U", "rag", "-Atc", "SHOW server_version_num"],
  );

it("backs up under traffic without a failed request", async () => {
  const seen = await underTraffic({ port }, async () => {
    const { code, output } = await stack.make("backup");
    expect(code, output).toBe(0);
  });
  expect(seen.failures).toEqual({});
  expect(seen.sent).toBeGreaterThan(200);
});

describe("another version of PostgreSQL", () => {
  it("is refused while the data comes from the old version, before anything changes", async () => {
    const before = await stack.containers();
    stack.configure({ ...settings, postgresVersion: "18" });
    const { code, output } = await stack.make("up");
    stack.configure(settings);
    expect(code).toBe(1);
    expect(output).toContain(`comes from PostgreSQL 17 (volume ${volume})`);
    expect(output).toContain("make upgrade-postgres STACK=e2e-data-upgrade VERSION=18");
    expect(await stack.containers()).toEqual(before);
  });

  it("is refused by the program too, not only by the CLI", async () => {
    stack.configure({ ...settings, postgresVersion: "18" });
    const { code, output } = await stack.make("preview");
    stack.configure(settings);
    expect(code).toBe(1);
    expect(output).toContain(`comes from PostgreSQL 17 (volume ${volume})`);
  });

  it("is refused if the new volume exists, and changes nothing", async () => {
    await docker("volume", "create", `${volume}-18`);
    const { code, output } = await stack.make("upgrade-postgres", "--version", "18");
    await docker("volume", "rm", `${volume}-18`);
    expect(code).toBe(1);
    expect(output).toContain(`${volume}-18 exists already`);
    expect(readFileSync(stack.file, "utf8")).not.toContain("postgresVersion");
    expect(await answer()).toContain("compasses");
  });

  it("contains every row, and the old volume stays", async () => {
    const { code, output } = await stack.make("upgrade-postgres", "--version", "18");
    expect(code, output).toBe(0);
    expect(output).toMatch(/Upgraded to PostgreSQL 18 after .*\. All \d+ rows are the same/);
    expect(await serverVersion()).toMatch(/^18/);
    expect(await answer()).toContain("compasses");
    expect(await stack.volumes()).toEqual(expect.arrayContaining([volume, `${volume}-18`]));
    const again = await stack.make("up");
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain("Nothing created, updated or replaced");
  }, 1_200_000);

  it("cannot be undone by the setting alone, and the old volume keeps its data", async () => {
    const upgraded = readFileSync(stack.file, "utf8");
    expect(upgraded).toContain("postgresVersion");
    stack.configure(settings);
    const { code, output } = await stack.make("up");
    stack.configure({ ...settings, postgresVersion: "18" });
    expect(code).toBe(1);
    expect(output).toContain("comes from PostgreSQL 18");
  });

  it("accepts a backup of the old version", async () => {
    const { output } = await stack.make("backups");
    const [oldest = ""] = /^\d{4}\S+/m.exec(output) ?? [];
    const restored = await stack.make("restore", "--from", oldest, "--confirm", stack.name);
    expect(restored.code, restored.output).toBe(0);
    expect(await serverVersion()).toMatch(/^18/);
    expect(await answer()).toContain("compasses");
  }, 900_000);
});
