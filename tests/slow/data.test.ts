/**
 * Data is safe: backup and restore while a stack serves, a drill, a second stack out of the first one's backup, and a
 * stack that lost a volume. On a real engine, with `images: packages` and Chroma, so that rows, vectors and files are
 * in three stores. Does not prove what a backup costs a large one (upgrade.test.ts puts a load on a small one), nor
 * another engine than the embedded one.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
    alertmanager: { port: port + 2 },
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

/** The folder that a backup says it is in. */
const folderIn = (output: string): string =>
  join(projectDir, /Backed up in .*: (\S+)/.exec(output)?.[1] ?? "nowhere");

/** Makes a backup of the first stack. */
async function backup(): Promise<string> {
  const { code, output } = await one.make("backup");
  expect(code, output).toBe(0);
  return folderIn(output);
}

const manifestOf = (folder: string) => JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));

/** Containers and volumes that a command made for itself. */
async function helpers(): Promise<string> {
  const filter = ["--filter", "label=ragdock.helper=data"];
  return (await docker("ps", "-aq", ...filter)) + (await docker("volume", "ls", "-q", ...filter));
}

describe("backup", () => {
  it("counts what it holds, and is listed", async () => {
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

  it("keeps as many as it is told", async () => {
    const wrong = await one.make("backup", "--keep", "none");
    expect(wrong.output).toContain('KEEP is "none"');
    const { code, output } = await one.make("backup", "--keep", "1");
    expect(code, output).toBe(0);
    expect((await one.make("backups")).output.match(/never$/gm)).toHaveLength(1);
  });

  it("is refused when it is damaged, before anything is touched", async () => {
    const folder = await backup();
    const file = join(folder, "postgres-data.dump");
    const bytes = readFileSync(file);
    bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    rmSync(join(folder, "redis-data.tar"));
    const before = await one.containers();
    const { code, output } = await one.make("restore", "--from", folder, "--confirm", one.name);
    expect(code).toBe(1);
    expect(output).toContain("postgres-data.dump has another SHA-256 than the manifest");
    expect(output).toContain("redis-data.tar is missing");
    expect(await one.containers()).toEqual(before);
    rmSync(folder, { recursive: true });
  });

  it("is no backup when a store does not run, and leaves nothing behind", async () => {
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
  it("wants to be told twice", async () => {
    const { code, output } = await one.make("restore");
    expect(code).toBe(1);
    expect(output).toMatch(/make restore STACK=e2e-data FROM=\S+ CONFIRM=e2e-data/);
  });

  it("brings back what was there, and can be taken back itself", async () => {
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

  it("leaves everything as it was when the data cannot be served", async () => {
    const folder = await backup();
    const manifest = manifestOf(folder);
    // Says of a table what is not in the dump: what is read in is not what was backed up.
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
  it("restores the newest backup beside the stack, and writes down that all of it is the same", async () => {
    const folder = await backup();
    const { code, output } = await one.make("drill");
    expect(code, output).toBe(0);
    const drill = JSON.parse(readFileSync(join(folder, "drill.json"), "utf8"));
    expect(drill.ok).toBe(true);
    expect(drill.said[0]).toMatch(/postgres-data: \d+ rows of \d+ tables are the same/);
    expect((await one.make("backups")).output).toMatch(/succeeded \S+$/m);
    expect(await helpers()).toBe("");
  });

  it("fails, and says so, on a backup that is not what it counted", async () => {
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

  it("makes a second stack out of the first one's backup, which answers the same question", async () => {
    const folder = await backup();
    const up = await two.make("up");
    expect(up.code, up.output).toBe(0);
    const restored = await two.make("restore", "--from", folder, "--confirm", two.name);
    expect(restored.code, restored.output).toBe(0);
    const other = new Rag(twoPort);
    expect((await other.ask(question)).answer).toBe((await rag.ask(question)).answer);
    expect((await other.ask(question)).answer).toContain("compasses");
    // It goes on from there: a new document is taken and found.
    await other.upload("stork.txt", "text/plain", "The stork keeper of Malmo collects glass prisms.");
    expect((await other.ask("What does the stork keeper of Malmo collect?")).answer).toContain("prisms");
  }, 900_000);
});

describe("a volume that is not the one it was", () => {
  it("stops up when it is gone, before anything is made", async () => {
    const down = await two.make("down");
    expect(down.code, down.output).toBe(0);
    await docker("volume", "rm", "ragdock-e2e-data-2-postgres-data");
    const { code, output } = await two.make("up");
    expect(code).toBe(1);
    expect(output).toContain("volume ragdock-e2e-data-2-postgres-data, the data of postgres, is gone");
    expect(output).toContain("make up STACK=e2e-data-2 CONFIRM=e2e-data-2");
    expect(await two.containers()).toEqual([]);
  });

  it("stops up when another one has its name", async () => {
    await docker("volume", "create", "ragdock-e2e-data-2-postgres-data");
    const { code, output } = await two.make("up");
    expect(code).toBe(1);
    expect(output).toContain("was created again");
    await docker("volume", "rm", "ragdock-e2e-data-2-postgres-data");
  });

  it("begins without it when told so, and has its data again after a restore", async () => {
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
