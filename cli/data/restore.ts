import { basename } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { project } from "../../host/paths.ts";
import { print } from "../command.ts";
import { requireDocker } from "../preflight/docker.ts";
import { systemOf } from "../system.ts";
import { Progress } from "../ui/progress.ts";
import { elapsed } from "../ui/text.ts";
import { containerFor, takeBackup } from "./backup.ts";
import { startAgain, stop, stopAround } from "./clients.ts";
import { Incoming } from "./incoming.ts";
import { type Backup, findBackup, requireWhole } from "./manifest.ts";
import { type Part, partsOf } from "./parts.ts";
import { Postgres, rowsOf } from "./postgres.ts";

/**
 * Replaces a stack's data by that of a backup, its own or another stack's of the same system.
 * The backup is read in beside what is there while the stack serves, and compared; then the two change places.
 */
export async function restoreBackup(
  stack: string,
  from: string | undefined,
  confirm: string | undefined,
): Promise<number> {
  await requireDocker();
  const system = await systemOf(stack);
  const backup = findBackup(stack, from);
  requireFitting(system, backup);
  if (confirm !== stack) {
    throw new Failure(
      `This replaces the data of stack "${stack}" by that of stack "${backup.manifest.stack}" at ${backup.manifest.made}.`,
      `What is there is backed up first. Say so: make restore STACK=${stack} FROM=${from || basename(backup.folder)} CONFIRM=${stack}`,
    );
  }
  const progress = new Progress(`${project}-${stack}-`);
  try {
    await progress.step("reading the backup's checksums", () => requireWhole(backup));
    await requireWell(stack, system, backup);
    const before = await takeBackup(stack, system, progress);
    progress.line(`what is there now is kept in ${before.folder}`);
    await replaceData(stack, system, backup, progress);
    const rows = backup.manifest.parts.reduce((sum, { tables }) => sum + rowsOf(tables), 0);
    print(
      `\nRestored after ${elapsed(progress.seconds())}: ${rows} rows and every file are those of the backup.`,
    );
    print(`To take it back: make restore STACK=${stack} FROM=${basename(before.folder)} CONFIRM=${stack}`);
    return 0;
  } finally {
    progress.end();
  }
}

/** Where a part belongs: a dump to its server, whose volume each version has its own of; files to their volume. */
const targetOf = ({ kind, service, volume }: Part): string => (kind === "postgres" ? service : volume);

/** Refuses a backup that has data the system has no place for. */
function requireFitting(system: SystemSpec, { manifest }: Backup): void {
  const targets = new Set(partsOf(system).map(targetOf));
  const unplaced = manifest.parts.filter((part) => !targets.has(targetOf(part))).map((part) => part.volume);
  if (manifest.system === system.name && unplaced.length === 0) return;
  throw new Failure(
    manifest.system === system.name
      ? `The backup holds ${unplaced.join(", ")}, and the stack has no such volume.`
      : `The backup is of the system ${manifest.system}, and the stack runs ${system.name}.`,
    "Restore it into a stack with the settings it was made with: system, vectorStore, services.",
  );
}

/** Refuses a server older than the one that wrote the dump, and a store that does not run. */
async function requireWell(stack: string, system: SystemSpec, { manifest }: Backup): Promise<void> {
  for (const part of manifest.parts) {
    const container = await containerFor(stack, part);
    if (part.kind !== "postgres") continue;
    const { major, version } = await new Postgres(container.Id).facts();
    if (part.major === undefined || major >= part.major) continue;
    throw new Failure(
      `The backup is of PostgreSQL ${part.version}, and ${part.service} runs ${version}, which cannot read it.`,
      `Bring the stack to ${part.major} first: make upgrade-postgres STACK=${stack} VERSION=${part.major}`,
    );
  }
  const rest = partsOf(system).filter((part) => !manifest.parts.some((p) => targetOf(p) === targetOf(part)));
  for (const { volume } of rest) print(`${volume} is not in the backup and stays as it is.`);
}

/** Reads everything in beside what is there; only when all of it is right do the two change places. */
async function replaceData(
  stack: string,
  system: SystemSpec,
  { folder, manifest }: Backup,
  progress: Progress,
): Promise<void> {
  const incoming: Incoming[] = [];
  try {
    for (const part of manifest.parts) {
      const one = new Incoming(stack, part, await containerFor(stack, part), folder);
      incoming.push(one);
      await progress.step(`reading in ${part.volume}, beside what is there`, () => one.prepare());
    }
    const begun = performance.now();
    const stopped = await stopAround(stack, system, manifest.parts, progress);
    const swapped: Incoming[] = [];
    try {
      for (const one of incoming) {
        await one.swap();
        swapped.push(one);
      }
      await startAgain(stack, system, stopped);
    } catch (error) {
      if (swapped.length > 0) await stop(stopped);
      for (const one of swapped.reverse()) await one.swapBack();
      await startAgain(stack, system, stopped);
      throw error;
    }
    progress.line(`clients were stopped for ${elapsed((performance.now() - begun) / 1000)}`);
  } catch (error) {
    throw new Failure(
      `Nothing was replaced: ${(error as Error).message}`,
      `The stack goes on with the data it had. make health STACK=${stack} says how it is.`,
    );
  } finally {
    for (const one of incoming) await one.clear();
  }
}
