/**
 * Tests backup and restore while a stack serves, a drill, a second stack from the first stack's
 * backup, and a stack that lost a volume. They run on real Docker with `images: packages` and
 * Chroma, so that rows, vectors and files are in three stores. They do not prove the cost of a
 * backup for a large stack (upgrade.test.ts sends traffic to a small one), or the Pulumi CLI.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { helperLabel } from "../../config/spec/stack.ts";
import { Rag } from "../support/rag.ts";
import { docker, projectDir, TestStack } from "../support/stack.ts";

const off = { enabled: false };
const settings = (port: number) => ({
  system: "full",
  images: "packages",
  vectorStore: "chroma",
  services: {
    gateway: { port },
    prometheus: { port: port + 1 },
    alertmanager: { port: port + 2, exposure: "loopback" },
    "node-exporter": off,
    "postgres-exporter": off,
    "redis-exporter": off,
    "blackbox-exporter": off,
    "nginx-exporter": off,
  },
});
const [onePort, twoPort] = [28_110, 28_120];
const one = new TestStack("e2e-data", settings(onePort));
const two = new TestStack("e2e-data-2", settings(twoPort));
const rag = new Rag(onePort);

const question = "What does the otter keeper of Lund collect?";

beforeAll(async () => {
  const { code, output } = await one.make("up");
  expect(code, output).toBe(0);
  await rag.upload("otter.txt", "text/plain", "The otter keeper of Lund collects brass compasses.");
});

afterAll(async () => {
  await one.remove();
  await two.remove();
  for (const { name } of [one, two]) {
    rmSync(join(projectDir, ".ragdock", "backups", name), { recursive: true, force: true });
  }
});

/** Returns the folder of a backup, from its output. */
const folderIn = (output: string): string =>
  join(projectDir, /Backed up in .*: (\S+)/.exec(output)?.[1] ?? "nowhere");

/** Creates a backup of the first stack. */
async function backup(): Promise<string> {
  const { code, output } = await one.make("backup");
  expect(code, output).toBe(0);
  return folderIn(output);
}

const manifestOf = (folder: string) => JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));

/** Returns temporary containers and volumes of a command. */
async function helpers(): Promise<string> {
  const filter = ["--filter", `label=${helperLabel}`];
  return (await docker("ps", "-aq", ...filter)) + (await docker("volume", "ls", "-q", ...filter));
}

describe("backup", () => {
  it("records its number of rows and files, and is listed", async () => {
    const folder = await backup();
    const { parts, leftOut } = manifestOf(folder);
    expect(parts.map((p: { volume: string }) => p.volume)).toEqual([
      "postgres-data",
      "redis-data",
      "chroma-data",
    ]);
    expect(parts[0].tables["public.documents"].rows).toBeGreaterThanOrEqual(1);
    expect(leftOut).toEqual(["prometheus-data", "alertmanager-data"]);
    expect(await helpers()).toBe("");
    const { output } = await one.make("backups");
    expect(output).toMatch(/^\d{4}-\d\d-\d\dT\S+ .* never$/m);
  });

  it("keeps the requested number of backups", async () => {
    const wrong = await one.make("backup", "--keep", "none");
    expect(wrong.output).toContain('KEEP is "none"');
    const { code, output } = await one.make("backup", "--keep", "1");
    expect(code, output).toBe(0);
    expect((await one.make("backups")).output.match(/never$/gm)).toHaveLength(1);
  });

  it("is refused if it is damaged, before anything changes", async () => {
    const folder = await backup();
    const file = join(folder, "postgres-data.dump");
    const bytes = readFileSync(file);
    bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    rmSync(join(folder, "redis-data.tar"));
    const before = await one.containers();
    const { code, output } = await one.make("restore", "--from", folder, "--confirm", one.name);
    expect(code).toBe(1);
    expect(output).toContain("the SHA-256 of postgres-data.dump differs from the manifest");
    expect(output).toContain("redis-data.tar is missing");
    expect(await one.containers()).toEqual(before);
    rmSync(folder, { recursive: true });
  });

  it("fails if a store does not run, and leaves nothing behind", async () => {
    const chroma = await one.container("chroma");
    await docker("stop", chroma);
    const { code, output } = await one.make("backup");
    expect(code).toBe(1);
    expect(output).toContain(`"chroma" of stack "e2e-data" does not run`);
    expect((await one.make("backups")).output.match(/never$/gm)).toHaveLength(1);
    const started = await one.make("restart", "--service", "chroma");
    expect(started.code, started.output).toBe(0);
  });
});

describe("restore", () => {
  it("needs a confirmation", async () => {
    const { code, output } = await one.make("restore");
    expect(code).toBe(1);
    expect(output).toMatch(/make restore STACK=e2e-data FROM=\S+ CONFIRM=e2e-data/);
  });

  it("restores the data, and can be undone", async () => {
    const folder = await backup();
    await rag.upload("heron.txt", "text/plain", "The heron keeper of Lund collects tin whistles.");
    const heron = async () =>
      JSON.stringify((await rag.ask("What does the heron keeper of Lund collect?")).sources);
    expect(await heron()).toContain("whistles");
    const restored = await one.make("restore", "--from", folder, "--confirm", one.name);
    expect(restored.code, restored.output).toBe(0);
    expect(await heron()).not.toContain("whistles");
    expect((await rag.ask(question)).answer).toContain("compasses");
    const [, before = ""] = /To undo it: make restore \S+ FROM=(\S+)/.exec(restored.output) ?? [];
    const back = await one.make("restore", "--from", before, "--confirm", one.name);
    expect(back.code, back.output).toBe(0);
    expect(await heron()).toContain("whistles");
    expect(await helpers()).toBe("");
  }, 900_000);

  it("changes nothing if the restored data differs from the backup", async () => {
    const folder = await backup();
    const manifest = manifestOf(folder);
    // The backup's summary now differs from its dump.
    manifest.parts[0].tables["public.documents"].rows += 1;
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    const { code, output } = await one.make("restore", "--from", folder, "--confirm", one.name);
    expect(code).toBe(1);
    expect(output).toContain("Nothing was replaced");
    expect(output).toMatch(/public\.documents: \d+ rows instead of \d+/);
    expect((await rag.ask(question)).answer).toContain("compasses");
    const databases = await docker(
      ...["exec", await one.container("postgres"), "psql", "-U", "rag", "-Atc"],
      "SELECT datname FROM pg_database WHERE datname ~ 'ragdock'",
    );
    expect(databases.trim()).toBe("");
    rmSync(folder, { recursive: true });
  });
});

describe("drill", () => {
  it("restores the newest backup next to the stack, and records that all data is equal", async () => {
    const folder = await backup();
    const { code, output } = await one.make("drill");
    expect(code, output).toBe(0);
    const drill = JSON.parse(readFileSync(join(folder, "drill.json"), "utf8"));
    expect(drill.ok).toBe(true);
    expect(drill.said[0]).toMatch(/postgres-data: \d+ rows of \d+ tables are the same/);
    expect((await one.make("backups")).output).toMatch(/succeeded \S+$/m);
    expect(await helpers()).toBe("");
  });

  it("fails with a message if the backup differs from its summary", async () => {
    const folder = await backup();
    const manifest = manifestOf(folder);
    manifest.parts[0].tables["public.chunks"].sum = "1";
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    const { code, output } = await one.make("drill");
    expect(code).toBe(1);
    expect(output).toMatch(/public\.chunks: \d+ rows, but not the same ones/);
    expect((await one.make("backups")).output).toMatch(/FAILED \S+$/m);
    rmSync(folder, { recursive: true });
  });

  it("creates a second stack from the first stack's backup, which answers the same question", async () => {
    const folder = await backup();
    const up = await two.make("up");
    expect(up.code, up.output).toBe(0);
    const restored = await two.make("restore", "--from", folder, "--confirm", two.name);
    expect(restored.code, restored.output).toBe(0);
    const other = new Rag(twoPort);
    expect((await other.ask(question)).answer).toBe((await rag.ask(question)).answer);
    expect((await other.ask(question)).answer).toContain("compasses");
    // The second stack accepts and finds a new document.
    await other.upload("stork.txt", "text/plain", "The stork keeper of Malmo collects glass prisms.");
    expect((await other.ask("What does the stork keeper of Malmo collect?")).answer).toContain("prisms");
  }, 900_000);
});

describe("a lost or replaced volume", () => {
  it("stops `up` if it is gone, before anything is created", async () => {
    const down = await two.make("down");
    expect(down.code, down.output).toBe(0);
    await docker("volume", "rm", "ragdock-e2e-data-2-postgres-data");
    const { code, output } = await two.make("up");
    expect(code).toBe(1);
    expect(output).toContain("volume ragdock-e2e-data-2-postgres-data, the data of postgres, is gone");
    expect(output).toContain("make up STACK=e2e-data-2 CONFIRM=e2e-data-2");
    expect(await two.containers()).toEqual([]);
  });

  it("stops `up` if another volume has its name", async () => {
    await docker("volume", "create", "ragdock-e2e-data-2-postgres-data");
    const { code, output } = await two.make("up");
    expect(code).toBe(1);
    expect(output).toContain("was created again");
    await docker("volume", "rm", "ragdock-e2e-data-2-postgres-data");
  });

  it("is created again with a confirmation, and has its data after a restore", async () => {
    const up = await two.make("up", "--confirm", two.name);
    expect(up.code, up.output).toBe(0);
    const folder = await backup();
    const restored = await two.make("restore", "--from", folder, "--confirm", two.name);
    expect(restored.code, restored.output).toBe(0);
    expect((await new Rag(twoPort).ask(question)).answer).toContain("compasses");
    const again = await two.make("up");
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain("Nothing created, updated or replaced");
  }, 900_000);
});
