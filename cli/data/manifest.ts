import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import { project, projectDir } from "../../host/paths.ts";
import { digestOf } from "../../host/pipe.ts";
import { print, startFolder } from "../command.ts";
import type { Part } from "./parts.ts";

/**
 * The content of a table: the number of rows, and a sum over the MD5 of each row. The sum does not
 * depend on the order.
 */
export interface Table {
  readonly rows: number;
  readonly sum: string;
}

/** By `schema.table`. Each partition is a separate entry. Tables of extensions are left out. */
export type Tables = Readonly<Record<string, Table>>;

export type BackedUp = Part & {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Id of the image that wrote the part. */
  readonly image: string;
  /** PostgreSQL: major and full version of the server. */
  readonly major?: number;
  readonly version?: string;
  /** PostgreSQL: roles of the server, without passwords. */
  readonly roles?: readonly string[];
  readonly tables?: Tables;
  /** Files: their number, folders included, and for how many seconds their writers were paused. */
  readonly files?: number;
  readonly frozenSeconds?: number;
};

/** The manifest.json of a backup. */
export interface Manifest {
  readonly format: 1;
  readonly stack: string;
  readonly system: string;
  readonly environment: string;
  readonly made: string;
  readonly seconds: number;
  readonly parts: readonly BackedUp[];
  /** Volumes of the stack that are not in the backup. */
  readonly leftOut: readonly string[];
  /** Whether a restore made it, of the data that it was about to replace. @default false */
  readonly beforeRestore?: true;
}

/** The result of a drill, in the backup's drill.json. */
export interface Drill {
  readonly made: string;
  readonly seconds: number;
  readonly ok: boolean;
  readonly said: readonly string[];
}

export interface Backup {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly drill?: Drill;
}

const root = join(projectDir, ".ragdock", "backups");

const backupsOf = (stack: string): string => join(root, stack);

/**
 * Creates the folder of an unfinished backup, which `backups` does not list. The final one is named
 * after its time, such as 2026-11-21T17-27-06Z.
 */
export function foldersFor(stack: string, at: Date): { readonly partial: string; readonly final: string } {
  const name = `${at.toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
  const partial = join(backupsOf(stack), `.${name}.partial`);
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  return { partial, final: join(backupsOf(stack), name) };
}

/** Writes the manifest.json or the drill.json of a backup. */
export const writeRecord = (folder: string, record: { manifest: Manifest } | { drill: Drill }): void => {
  for (const [name, value] of Object.entries(record))
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
};

/** A stack's backups, oldest first. */
export function backups(stack: string): Backup[] {
  if (!existsSync(backupsOf(stack))) return [];
  const names = readdirSync(backupsOf(stack)).filter((name) => !name.startsWith("."));
  const folders = names.sort().map((name) => join(backupsOf(stack), name));
  return folders.filter(isBackup).map(read);
}

/**
 * Finds a backup. Without `from`, it is the newest one that no restore made: the data before a restore
 * may be empty or damaged.
 * @param from a folder, `<stack>/<time>`, or a time of this stack
 */
export function findBackup(stack: string, from: string | undefined): Backup {
  if (!from) return newest(stack);
  const folders = [resolve(startFolder, from), join(root, from), join(backupsOf(stack), from)];
  const folder = folders.find(isBackup);
  if (folder) return read(folder);
  throw new Failure(
    `There is no backup "${from}". FROM must be a folder with a manifest.json, or the time of a backup of stack "${stack}".`,
    `List the ${backups(stack).length} backups of this stack: make backups STACK=${stack}. To use a backup of another stack, write <stack>/<time>.`,
  );
}

function newest(stack: string): Backup {
  const all = backups(stack);
  const chosen = all.findLast(({ manifest }) => !manifest.beforeRestore);
  const skipped = all.slice(chosen ? all.indexOf(chosen) + 1 : 0).map(({ folder }) => basename(folder));
  const why = `made by a restore, of the data before it: ${skipped.join(", ")}`;
  if (!chosen && skipped.length === 0)
    throw new Failure(`Stack "${stack}" has no backup.`, `Create one: make backup STACK=${stack}`);
  if (!chosen)
    throw new Failure(
      `Stack "${stack}" has no backup other than those ${why}.`,
      `To restore the newest of them: make restore STACK=${stack} FROM=${skipped.at(-1)} CONFIRM=${stack}`,
    );
  if (skipped.length > 0)
    print(`Using the backup ${basename(chosen.folder)}. Newer ones were ${why}. FROM selects one of them.`);
  return chosen;
}

const isBackup = (folder: string): boolean => existsSync(join(folder, "manifest.json"));

function read(folder: string): Backup {
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
  if (manifest.format !== 1)
    throw new Failure(
      `The backup ${folder} has format ${manifest.format}. This version of ${project} reads format 1.`,
      `Use the version of ${project} that created it.`,
    );
  const drill = join(folder, "drill.json");
  return {
    folder,
    manifest,
    ...(existsSync(drill) ? { drill: JSON.parse(readFileSync(drill, "utf8")) } : {}),
  };
}

/** Reads every file of a backup, and refuses a file that differs from the manifest. */
export async function requireWhole({ folder, manifest }: Backup): Promise<void> {
  const wrong: string[] = [];
  for (const { file, bytes, sha256 } of manifest.parts) {
    const path = join(folder, file);
    const found = existsSync(path) ? await digestOf(path) : undefined;
    if (!found) wrong.push(`  ${file} is missing`);
    else if (found.bytes !== bytes) wrong.push(`  ${file} has ${found.bytes} bytes instead of ${bytes}`);
    else if (found.sha256 !== sha256) wrong.push(`  the SHA-256 of ${file} differs from the manifest`);
  }
  if (wrong.length > 0)
    throw new Failure(
      `The backup ${basename(folder)} is damaged. Nothing was changed:\n${wrong.join("\n")}`,
      `Choose another one. List the backups: make backups STACK=${manifest.stack}`,
    );
}
