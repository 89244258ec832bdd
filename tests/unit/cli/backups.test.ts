/** Tests which backup is the default, with manifests in a temporary folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { refusalOf } from "../../support/reader.ts";

const { projectDir, said } = vi.hoisted(() => ({ projectDir: { path: "" }, said: [] as string[] }));
vi.mock("../../../host/paths.ts", async (original) => {
  projectDir.path = mkdtempSync(join(tmpdir(), "ragdock-backups-"));
  return { ...(await original<object>()), projectDir: projectDir.path };
});
vi.mock("../../../cli/command.ts", async (original) => ({
  ...(await original<object>()),
  print: (line: string) => void said.push(line),
}));
const { findBackup, backups } = await import("../../../cli/data/manifest.ts");
const { listBackups, olderThan } = await import("../../../cli/data/backup.ts");

/** Writes the manifest of a backup. @returns its name */
function made(day: number, more: { readonly beforeRestore?: true } = {}): string {
  const name = `2026-11-0${day}T00-00-00Z`;
  const folder = join(projectDir.path, ".ragdock/backups/prod", name);
  mkdirSync(folder, { recursive: true });
  const manifest = { format: 1, stack: "prod", made: `2026-11-0${day}T00:00:00Z`, parts: [], ...more };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return name;
}
const byRestore = { beforeRestore: true } as const;

afterEach(() => {
  rmSync(join(projectDir.path, ".ragdock"), { recursive: true, force: true });
  said.length = 0;
});
afterAll(() => rmSync(projectDir.path, { recursive: true, force: true }));

describe("the default backup", () => {
  it("is the newest, without a word", () => {
    made(1);
    const newest = made(2);
    expect(basename(findBackup("prod", undefined).folder)).toBe(newest);
    expect(said).toEqual([]);
  });

  it("is never one that a restore made, and the command says so", () => {
    made(1, byRestore);
    const own = made(2);
    const skipped = made(3, byRestore);
    expect(basename(findBackup("prod", "").folder)).toBe(own);
    expect(said).toEqual([
      `Using the backup ${own}. Newer ones were made by a restore, of the data before it: ${skipped}. FROM selects one of them.`,
    ]);
    expect(basename(findBackup("prod", skipped).folder)).toBe(skipped);
  });

  it("does not exist if a restore made all of them, and the command names one", async () => {
    made(1, byRestore);
    const last = made(2, byRestore);
    expect(await refusalOf(() => findBackup("prod", undefined))).toContain(
      `make restore STACK=prod FROM=${last} CONFIRM=prod`,
    );
    rmSync(join(projectDir.path, ".ragdock"), { recursive: true });
    expect(await refusalOf(() => findBackup("prod", undefined))).toContain("make backup STACK=prod");
  });
});

it("the list shows which backups a restore made", () => {
  made(1);
  made(2, byRestore);
  listBackups("prod");
  const [, first, second] = said.join("\n").split("\n");
  expect(first).toMatch(/2026-11-01\S+ .* a backup +never$/);
  expect(second).toMatch(/2026-11-02\S+ .* a restore +never$/);
});

it("KEEP does not count the backups that a restore made", () => {
  made(1);
  made(2);
  made(3, byRestore);
  made(4);
  made(5, byRestore);
  const names = (count: number) => olderThan(backups("prod"), count).map(({ folder }) => basename(folder));
  expect(names(2)).toEqual(["2026-11-01T00-00-00Z"]);
  expect(names(1)).toEqual(["2026-11-01T00-00-00Z", "2026-11-02T00-00-00Z", "2026-11-03T00-00-00Z"]);
  expect(names(9)).toEqual([]);
});

it("removes no copy that a restore made while there are fewer backups than KEEP", () => {
  made(1, byRestore);
  made(2);
  expect(olderThan(backups("prod"), 7)).toEqual([]);
  expect(olderThan(backups("prod"), 1)).toEqual([]);
  made(3);
  expect(olderThan(backups("prod"), 1)).toHaveLength(2);
});
