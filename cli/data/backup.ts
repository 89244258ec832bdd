import { renameSync, rmSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { fullName } from "../../config/spec/stack.ts";
import { docker } from "../../host/docker.ts";
import { atContainer } from "../../host/nodes.ts";
import { project, projectDir } from "../../host/paths.ts";
import { digestOf } from "../../host/pipe.ts";
import { print } from "../command.ts";
import { withProgress } from "../session.ts";
import { settle } from "../settle.ts";
import { reachableSystem } from "../system.ts";
import type { Progress } from "../ui/progress.ts";
import { elapsed, size, table } from "../ui/text.ts";
import { printLeftAlone, requireInside } from "./external.ts";
import { type BackedUp, type Backup, backups, foldersFor, type Manifest, writeRecord } from "./manifest.ts";
import { leftOut, type Part, partsOf } from "./parts.ts";
import { rowsOf } from "./postgres.ts";
import { reportBackups } from "./report.ts";
import { containerFor, toolsFor, withPostgres } from "./servers.ts";
import { Volume } from "./volume.ts";

/** Backs up a stack. @returns the exit code */
export async function backUp(stack: string, keep: string | undefined): Promise<number> {
  const meaning = "KEEP is the number of backups to keep, for example: make backup KEEP=7";
  if (keep && !/^[1-9]\d*$/.test(keep)) throw new Failure(`KEEP is "${keep}".`, meaning);
  const system = await reachableSystem(stack);
  const { folder, manifest } = await withProgress(stack, (progress) => takeBackup(stack, system, progress));
  print(`\n${partsTable(manifest)}\n`);
  if (manifest.leftOut.length > 0)
    print(`Not in the backup, because its loss does no harm: ${manifest.leftOut.join(", ")}.`);
  printLeftAlone(system, "it is not in the backup; back it up on its own server", "backup");
  print(`Backed up in ${elapsed(manifest.seconds)}: ${relative(projectDir, folder)}`);
  for (const { folder: one } of keep ? olderThan(backups(stack), Number(keep)) : []) {
    rmSync(one, { recursive: true });
    print(`Removed, because KEEP=${keep}: ${relative(projectDir, one)}`);
  }
  return 0;
}

/** The backups before the last `count`. Those that a restore made do not count. */
export function olderThan(all: readonly Backup[], count: number): readonly Backup[] {
  const counted = all.filter(({ manifest }) => !manifest.beforeRestore);
  const oldest = counted.length > count ? counted.at(-count) : undefined;
  return oldest ? all.slice(0, all.indexOf(oldest)) : [];
}

/** Lists a stack's backups. @returns the exit code */
export function listBackups(stack: string): number {
  const all = backups(stack);
  if (all.length === 0) {
    print(`Stack "${stack}" has no backup. Create one: make backup STACK=${stack}`);
    return 0;
  }
  const rows = all.map(({ folder, manifest: { made, parts, beforeRestore }, drill }) => [
    basename(folder),
    elapsed((Date.now() - Date.parse(made)) / 1000),
    size(parts.reduce((sum, { bytes }) => sum + bytes, 0)),
    String(parts.reduce((sum, part) => sum + rowsOf(part.tables), 0)),
    "at creation",
    beforeRestore ? "a restore" : "a backup",
    drill ? `${drill.ok ? "succeeded" : "FAILED"} ${drill.made}` : "never",
  ]);
  print(table(["BACKUP", "AGE", "SIZE", "ROWS", "VERIFIED", "MADE BY", "DRILL"], rows));
  return 0;
}

/**
 * Takes a backup. The folder gets its final name only after every part was read back and compared.
 * @param more what else the manifest says
 */
export async function takeBackup(
  stack: string,
  system: SystemSpec,
  progress: Progress,
  more: Pick<Manifest, "beforeRestore"> = {},
): Promise<Backup> {
  const parts = partsOf(system);
  if (parts.length === 0)
    requireInside(
      system,
      () => true,
      () => "Back it up on its own server. The stack has no other data.",
    );
  if (parts.length === 0)
    throw new Failure(`${system.name} keeps no data to back up.`, "You need no backup of it.");
  const begun = new Date();
  const { partial, final: folder } = foldersFor(stack, begun);
  try {
    const done: BackedUp[] = [];
    for (const part of parts)
      done.push(await progress.step(`backing up ${part.volume}`, () => copied(stack, system, part, partial)));
    // Docker calls a paused container unhealthy until its next health check.
    const paused = "waiting until the paused services are healthy again";
    await progress.step(paused, () => settle(stack));
    const manifest: Manifest = {
      format: 1,
      stack,
      system: system.name,
      environment: system.environment,
      made: begun.toISOString(),
      seconds: (Date.now() - begun.getTime()) / 1000,
      parts: done,
      leftOut: leftOut(system),
      ...more,
    };
    writeRecord(partial, { manifest });
    renameSync(partial, folder);
    await reportBackups(stack);
    return { folder, manifest };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `The backup failed: ${(error as Error).message}`,
      `Check the stack: make health STACK=${stack}`,
    );
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Copies one part into the folder, and reads the copy back. */
async function copied(stack: string, system: SystemSpec, part: Part, folder: string): Promise<BackedUp> {
  const file = `${part.volume}.${part.kind === "postgres" ? "dump" : "tar"}`;
  const path = join(folder, file);
  if (part.kind === "postgres")
    return withPostgres(stack, system, part, async (server, image) => {
      const { tables, bytes, sha256, others } = await server.dump(path);
      if (others) print(`Not in the backup, because another role owns them: ${others}`);
      await requireSame(path, sha256);
      await server.check(path);
      return { ...part, file, bytes, sha256, image, ...(await server.facts()), tables };
    });
  const { Image: image } = await toolsFor(stack, part);
  const volume = fullName({ project, stack }, part.volume);
  return atContainer(await containerFor(stack, part), async () => {
    const writers = await writersOf(volume);
    return Volume.open(volume, image, "ro", async (opened) => {
      const { bytes, sha256, seconds } = await opened.copy(path, writers);
      await requireSame(path, sha256);
      const files = await opened.check(path);
      return { ...part, file, bytes, sha256, image, files, frozenSeconds: Number(seconds.toFixed(3)) };
    });
  });
}

/** Reads a file back from the disk and compares its checksum. */
async function requireSame(path: string, sha256: string): Promise<void> {
  if ((await digestOf(path)).sha256 !== sha256)
    throw new Error(`The file ${path} differs from what was written. Check the disk.`);
}

const writersOf = async (volume: string): Promise<string[]> =>
  (await docker("ps", "-q", "--no-trunc", "--filter", `volume=${volume}`)).split("\n").filter(Boolean);

function partsTable({ parts }: Manifest): string {
  const rows = parts.map((part) => [
    part.volume,
    size(part.bytes),
    part.kind === "postgres"
      ? `${rowsOf(part.tables)} rows of ${Object.keys(part.tables ?? {}).length} tables, PostgreSQL ${part.version}`
      : `${part.files} files, ${part.service} paused for ${elapsed(part.frozenSeconds ?? 0)}`,
  ]);
  return table(["DATA", "SIZE", "HOLDS"], rows);
}
