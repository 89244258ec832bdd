import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import { project, projectDir } from "../../host/paths.ts";
import { digestOf } from "../../host/pipe.ts";
import type { Part } from "./parts.ts";

/** What one table holds: the number of its rows, and a sum over the MD5 of each, whatever their order. */
export interface Table {
  readonly rows: number;
  readonly sum: string;
}

/** By `schema.table`; partitions each for themselves, tables of extensions left out. */
export type Tables = Readonly<Record<string, Table>>;

interface Copied {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The image that wrote it, by id. */
  readonly image: string;
}

/** A part as a backup holds it. */
export type BackedUp = Part &
  Copied & {
    /** PostgreSQL: major and full version of the server. */
    readonly major?: number;
    readonly version?: string;
    /** PostgreSQL: roles of the server, without their passwords. */
    readonly roles?: readonly string[];
    readonly tables?: Tables;
    /** Files: how many, folders included, and for how many seconds their writers were frozen. */
    readonly files?: number;
    readonly frozenSeconds?: number;
  };

/** What a backup says of itself, in its manifest.json. */
export interface Manifest {
  readonly format: 1;
  readonly stack: string;
  readonly system: string;
  readonly environment: string;
  readonly made: string;
  readonly seconds: number;
  readonly parts: readonly BackedUp[];
  /** Volumes of the stack that are not in it. */
  readonly leftOut: readonly string[];
}

/** How a drill of a backup ended, in its drill.json. */
export interface Drill {
  readonly made: string;
  readonly seconds: number;
  readonly ok: boolean;
  readonly said: readonly string[];
}

/** A backup on disk. */
export interface Backup {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly drill?: Drill;
}

const root = join(projectDir, ".ragdock", "backups");

/** Where a stack's backups are. */
export const backupsOf = (stack: string): string => join(root, stack);

/** A folder for a backup in the making, under a name that no list shows. */
export function partialFolder(stack: string, name: string): string {
  const folder = join(backupsOf(stack), `.${name}.partial`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** A moment as a folder's name: 2026-11-21T17-27-06Z. */
export const stamp = (at: Date): string => `${at.toISOString().slice(0, 19).replaceAll(":", "-")}Z`;

export const writeManifest = (folder: string, manifest: Manifest): void =>
  write(folder, "manifest", manifest);

export const writeDrill = (folder: string, drill: Drill): void => write(folder, "drill", drill);

const write = (folder: string, name: string, value: unknown): void =>
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });

/** A stack's backups, oldest first. */
export function backups(stack: string): Backup[] {
  if (!existsSync(backupsOf(stack))) return [];
  return readdirSync(backupsOf(stack))
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => join(backupsOf(stack), name))
    .filter((folder) => existsSync(join(folder, "manifest.json")))
    .map(read);
}

/**
 * The backup that a person means.
 * @param from a folder, `<stack>/<time>`, a time of this stack's own, or "" for the newest of them
 */
export function findBackup(stack: string, from: string | undefined): Backup {
  if (!from) {
    const newest = backups(stack).at(-1);
    if (newest) return newest;
    throw new Failure(`Stack "${stack}" has no backup.`, `Make one: make backup STACK=${stack}`);
  }
  const places = [resolve(from), join(root, from), join(backupsOf(stack), from)];
  const folder = places.find((place) => existsSync(join(place, "manifest.json")));
  if (folder) return read(folder);
  throw new Failure(
    `There is no backup "${from}": a folder with a manifest.json, or a time of stack "${stack}".`,
    `make backups STACK=${stack} lists ${backups(stack).length} of them; one of another stack is <stack>/<time>.`,
  );
}

function read(folder: string): Backup {
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
  if (manifest.format !== 1) {
    throw new Failure(
      `${folder} is of format ${manifest.format}, and this ${project} reads format 1.`,
      `Use the version of ${project} that made it.`,
    );
  }
  const drill = join(folder, "drill.json");
  return existsSync(drill)
    ? { folder, manifest, drill: JSON.parse(readFileSync(drill, "utf8")) }
    : { folder, manifest };
}

/** Reads every file of a backup and refuses one that is not what its manifest says. */
export async function requireWhole({ folder, manifest }: Backup): Promise<void> {
  const wrong: string[] = [];
  for (const { file, bytes, sha256 } of manifest.parts) {
    const path = join(folder, file);
    if (!existsSync(path)) {
      wrong.push(`  ${file} is missing`);
      continue;
    }
    const found = await digestOf(path);
    if (found.bytes !== bytes) wrong.push(`  ${file} has ${found.bytes} bytes instead of ${bytes}`);
    else if (found.sha256 !== sha256)
      wrong.push(`  ${file} has other bytes than were written: SHA-256 differs`);
  }
  if (wrong.length > 0) {
    throw new Failure(
      `The backup ${basename(folder)} is damaged, nothing was touched:\n${wrong.join("\n")}`,
      `Take another one: make backups STACK=${manifest.stack} lists them.`,
    );
  }
}
