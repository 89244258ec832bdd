import { basename, join } from "node:path";
import { mayDo } from "../../config/spec/external.ts";
import { Failure } from "../../config/spec/failure.ts";
import { alsoRun, setCommand } from "../../config/spec/message.ts";
import { longRunning, type SystemSpec } from "../../config/spec/service.ts";
import { atContainer } from "../../host/nodes.ts";
import { project } from "../../host/paths.ts";
import { print } from "../command.ts";
import { reachableSystem } from "../system.ts";
import { Progress } from "../ui/progress.ts";
import { elapsed } from "../ui/text.ts";
import { takeBackup } from "./backup.ts";
import { startAgain, stop, stopAround } from "./clients.ts";
import { requireInside } from "./external.ts";
import { inPlace } from "./in-place.ts";
import { Incoming, type Replacement, withItsDocker } from "./incoming.ts";
import { type BackedUp, type Backup, findBackup, requireWhole } from "./manifest.ts";
import { type Part, partsOf } from "./parts.ts";
import { rowsOf } from "./postgres.ts";
import { checkOfPart, containerFor, toolsFor, withPostgres } from "./servers.ts";

/**
 * Replaces a stack's data with that of a backup, of this stack or of another one with the same
 * system. Reads the backup next to the live data while the stack serves, compares it, and then
 * swaps both.
 */
export async function restoreBackup(
  stack: string,
  from: string | undefined,
  confirm: string | undefined,
): Promise<number> {
  const system = await reachableSystem(stack);
  const backup = findBackup(stack, from);
  requireFitting(system, backup);
  requireAllowed(system, backup);
  if (confirm !== stack) {
    throw new Failure(
      `This replaces the data of stack "${stack}" with the data of stack "${backup.manifest.stack}" at ${backup.manifest.made}.`,
      `The current data is backed up first. Confirm: make restore STACK=${stack} FROM=${from || basename(backup.folder)} CONFIRM=${stack}`,
    );
  }
  const progress = new Progress(`${project}-${stack}-`);
  try {
    await progress.step("reading the backup's checksums", () => requireWhole(backup));
    await requireWell(stack, system, backup);
    const before = await takeBackup(stack, system, progress, { beforeRestore: true });
    progress.line(`the current data is backed up in ${before.folder}`);
    await replaceData(stack, system, backup, before, progress);
    const rows = backup.manifest.parts.reduce((sum, { tables }) => sum + rowsOf(tables), 0);
    print(
      `\nRestored after ${elapsed(progress.seconds())}. All ${rows} rows and every file are the same as in the backup.`,
    );
    print(`To undo it: make restore STACK=${stack} FROM=${basename(before.folder)} CONFIRM=${stack}`);
    return 0;
  } finally {
    progress.end();
  }
}

/**
 * Returns the target of a part: the server for a dump, because each version has another volume, and
 * the volume for files.
 */
const targetOf = ({ kind, service, volume }: Part): string => (kind === "postgres" ? service : volume);

/** Refuses a backup with data that the system has no volume for. */
function requireFitting(system: SystemSpec, { manifest }: Backup): void {
  const targets = new Set(partsOf(system).map(targetOf));
  const unplaced = manifest.parts.filter((part) => !targets.has(targetOf(part))).map((part) => part.volume);
  if (manifest.system === system.name && unplaced.length === 0) return;
  throw new Failure(
    manifest.system === system.name
      ? `The backup contains data for ${unplaced.join(", ")}. The stack has no volume for it.`
      : `The backup comes from the system ${manifest.system}. The stack runs ${system.name}.`,
    "Restore it into a stack with the same system, vectorStore and services.",
  );
}

/** Refuses to replace the data of a server outside of the stack, unless its settings allow it. */
function requireAllowed(system: SystemSpec, { manifest }: Backup): void {
  requireInside(
    system,
    (store) =>
      !mayDo(store, "restore") &&
      manifest.parts.some((p) => p.kind === "postgres" && p.service === store.name),
    ({ role }) =>
      `A restore replaces its tables. To allow that, ${alsoRun}${setCommand(`${role}.external.allow`, `'["backup","restore"]'`)}`,
  );
}

/** Refuses a server older than the one that wrote the dump, and a store that does not run. */
async function requireWell(stack: string, system: SystemSpec, { manifest }: Backup): Promise<void> {
  for (const part of manifest.parts) {
    if (part.kind !== "postgres") {
      await containerFor(stack, part);
      continue;
    }
    requireOwner(stack, system, part);
    const { major, version } = await withPostgres(stack, system, part, (server) => server.facts());
    if (part.major === undefined || major >= part.major) continue;
    throw new Failure(
      `The backup comes from PostgreSQL ${part.version}. ${part.service} runs ${version}, which cannot read it.`,
      checkOfPart(system, part)
        ? `Restore it into a server of PostgreSQL ${part.major} or later.`
        : `Upgrade the stack to ${part.major} first: make upgrade-postgres STACK=${stack} VERSION=${part.major}`,
    );
  }
  const rest = partsOf(system).filter((part) => !manifest.parts.some((p) => targetOf(p) === targetOf(part)));
  for (const { volume } of rest) print(`${volume} is not in the backup and stays as it is.`);
}

/** Refuses objects of a role that the clients of the stack do not act as. */
function requireOwner(stack: string, { services }: SystemSpec, { service, roles = [] }: BackedUp): void {
  const owner = longRunning(services).find(({ name }) => name === service)?.database?.user;
  if (owner === undefined || roles.length === 0 || roles.includes(owner)) return;
  throw new Failure(
    `The server of the backup has no role ${owner}, which owns the database of stack "${stack}". Its roles are ${roles.join(", ")}.`,
    "Restore it into a new stack whose ragdock:postgres.user is the owner in the backup. Up to version 0.2, the owner was rag.",
  );
}

/** How a part is replaced: next to the live data, or in place in a server outside of the stack. */
async function replacementOf(
  stack: string,
  system: SystemSpec,
  part: BackedUp,
  { folder, before }: { readonly folder: string; readonly before: Backup },
): Promise<Replacement> {
  if (part.kind === "postgres" && checkOfPart(system, part))
    return inPlace(stack, system, part, join(folder, part.file), before);
  const { Image } = await toolsFor(stack, part);
  return atContainer(await containerFor(stack, part), async ({ Id }) =>
    withItsDocker(new Incoming(stack, part, { Id, Image }, folder)),
  );
}

/** Reads everything next to the live data. Swaps both only if all of it is correct. */
async function replaceData(
  stack: string,
  system: SystemSpec,
  { folder, manifest }: Backup,
  before: Backup,
  progress: Progress,
): Promise<void> {
  const incoming: Replacement[] = [];
  const swapped: Replacement[] = [];
  try {
    for (const part of manifest.parts) {
      const one = await replacementOf(stack, system, part, { folder, before });
      incoming.push(one);
      await progress.step(`reading ${part.volume} into a copy next to the live data`, () => one.prepare());
    }
    const begun = performance.now();
    const stopped = await stopAround(stack, system, manifest.parts, progress);
    try {
      for (const one of incoming) {
        await one.swap();
        swapped.push(one);
      }
      await startAgain(stack, system, stopped);
    } catch (error) {
      if (swapped.length > 0) await stop(stopped);
      for (const one of swapped.toReversed()) {
        await one.swapBack();
        swapped.pop();
      }
      await startAgain(stack, system, stopped);
      throw error;
    }
    progress.line(`clients were stopped for ${elapsed((performance.now() - begun) / 1000)}`);
  } catch (error) {
    const replaced = incoming.filter((one) => one.torn || swapped.includes(one)).map(({ name }) => name);
    if (replaced.length > 0)
      throw new Failure(
        `The restore stopped while it replaced ${replaced.join(", ")}: ${(error as Error).message}`,
        `The data before the restore is in the backup ${before.folder}.`,
      );
    throw new Failure(
      `Nothing was replaced: ${(error as Error).message}`,
      `The stack continues with its previous data. Check it: make health STACK=${stack}`,
    );
  } finally {
    for (const one of incoming) await one.clear();
  }
}
