import { basename, join } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import { longRunning, type SystemSpec } from "../../config/spec/service.ts";
import { docker } from "../../host/docker.ts";
import { print } from "../command.ts";
import { withProgress } from "../session.ts";
import { reachableSystem } from "../system.ts";
import { elapsed } from "../ui/text.ts";
import { printLeftAlone } from "./external.ts";
import { type BackedUp, findBackup, requireWhole, writeRecord } from "./manifest.ts";
import { rowsOf } from "./postgres.ts";
import { reportBackups } from "./report.ts";
import { type ServerSpec, serverLike, throwAway, withServer, withVolume } from "./scratch.ts";
import { checkOfPart, toolsFor } from "./servers.ts";

/**
 * Restores a backup next to the stack, compares all of it with the manifest, and records the
 * result.
 */
export async function drillBackup(stack: string, from: string | undefined): Promise<number> {
  const system = await reachableSystem(stack);
  const backup = findBackup(stack, from);
  const name = basename(backup.folder);
  const begun = new Date();
  const said: string[] = [];
  const end = (ok: boolean): number => {
    const seconds = (Date.now() - begun.getTime()) / 1000;
    writeRecord(backup.folder, { drill: { made: begun.toISOString(), seconds, ok, said } });
    return seconds;
  };
  try {
    await requireWhole(backup);
    await withProgress(stack, async (progress) => {
      for (const part of backup.manifest.parts) {
        const line = await progress.step(`restoring ${part.volume} into a temporary copy`, () =>
          rehearse(stack, system, part, join(backup.folder, part.file)),
        );
        progress.line(line);
        said.push(line);
      }
    });
    const seconds = end(true);
    await reportBackups(stack);
    printLeftAlone(system, "the drill does not restore it", "backup");
    print(`\nThe drill of ${name} succeeded after ${elapsed(seconds)}. The backup can be restored.`);
    return 0;
  } catch (error) {
    said.push((error as Error).message);
    end(false);
    throw new Failure(
      `The drill of ${name} failed: ${(error as Error).message}`,
      `Create another backup and test it: make backup STACK=${stack} && make drill STACK=${stack}`,
    );
  }
}

/** Restores one part into a temporary copy and compares it. @returns a line for the user */
export async function rehearse(
  stack: string,
  system: SystemSpec,
  part: BackedUp,
  file: string,
): Promise<string> {
  const image = await imageFor(stack, part);
  if (part.kind === "files") {
    await withVolume(image, (volume) => volume.unpack(file, "restored"));
    return `${part.volume}: ${part.files} files are the same`;
  }
  return withServer(serverOf(system, part), image, throwAway, async (server) => {
    await server.restoreSame(part, file, `${part.volume} differs from what was backed up`);
    return `${part.volume}: ${rowsOf(part.tables)} rows of ${Object.keys(part.tables ?? {}).length} tables are the same`;
  });
}

/** The image that wrote the part, or the image that the service runs now. */
async function imageFor(stack: string, part: BackedUp): Promise<string> {
  const known = await docker("image", "inspect", "--format", "{{.Id}}", part.image).catch(() => "");
  return known.trim() || (await toolsFor(stack, part)).Image;
}

/** The server that a part is restored into: like the one of the stack, or an empty one of its image. */
function serverOf(system: SystemSpec, part: BackedUp): ServerSpec {
  const service = longRunning(system.services).find((s) => s.name === part.service);
  if (service) return service;
  const check = checkOfPart(system, part);
  if (check) return serverLike(check);
  throw new Error(`The system ${system.name} has no service ${part.service}.`);
}
