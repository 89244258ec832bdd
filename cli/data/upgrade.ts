import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { fullName, labels } from "../../components/names.ts";
import { imagePlan } from "../../components/plan.ts";
import { type PostgresVersion, postgresVersions } from "../../config/settings/schema.ts";
import { isLongRunning, type LongRunning, type SystemSpec } from "../../config/spec/service.ts";
import { type SystemName, systems } from "../../config/systems/index.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { allowPostgresVersion } from "../../host/data-version.ts";
import { docker, hasVolume } from "../../host/docker.ts";
import { Failure } from "../../host/failure.ts";
import { project } from "../../host/paths.ts";
import type { Outcome } from "../backends/index.ts";
import { type Command, print } from "../command.ts";
import { open } from "../commands/deploy.ts";
import { plansOf, requireDocker, systemOf } from "../preflight/index.ts";
import { recordVolumes } from "../preflight/volumes.ts";
import { readStackFile, writeStackFile } from "../stack-file.ts";
import { elapsed } from "../ui/table.ts";
import { takeBackup } from "./backup.ts";
import { startAgain, stopAround } from "./clients.ts";
import type { BackedUp } from "./manifest.ts";
import { partsOf } from "./parts.ts";
import { differences, type Postgres, rowsOf } from "./postgres.ts";
import { withServer } from "./scratch.ts";

/**
 * Brings the stack's data to a later major version of PostgreSQL: backup, a cluster of that version on a volume of its
 * own, every row compared, then the new server in the old one's place. The old volume stays as it is.
 */
export const upgradePostgres: Command = async ({ stack, version }) => {
  await requireDocker();
  const before = systemOf(stack, print);
  requireLater(stack, before, version);
  const { file } = readStackFile(stack);
  const settings = readFileSync(file, "utf8");
  writeStackFile(file, withVersion(settings, version));
  const begun = performance.now();
  allowPostgresVersion();
  try {
    const rows = await upgrade(stack, before, systemOf(stack, print), () => writeStackFile(file, settings));
    print(
      `\nPostgreSQL ${version} after ${elapsed((performance.now() - begun) / 1000)}: all ${rows} rows are the same.`,
    );
    print(`The data as it was before is kept in the volume ${volumeOf(stack, before)}.`);
    return 0;
  } catch (error) {
    writeStackFile(file, settings);
    if (error instanceof Failure) throw error;
    throw new Failure(
      `The upgrade failed: ${(error as Error).message}`,
      `The stack goes on with what it had. make health STACK=${stack} says how it is.`,
    );
  }
};

/** @returns how many rows went over */
async function upgrade(
  stack: string,
  before: SystemSpec,
  after: SystemSpec,
  revert: () => void,
): Promise<number> {
  const { progress, engine } = open(stack);
  try {
    const volume = volumeOf(stack, after);
    await requireFree(stack, volume);
    if (after.images === "packages") await ensureBaseImage((line) => progress.line(line));
    requireOk(await engine.build());
    const postgres = partsOf(before).filter((part) => part.kind === "postgres");
    const stopped = await stopAround(stack, before, postgres, progress);
    try {
      const { folder, manifest } = await takeBackup(stack, before, progress);
      const part = manifest.parts.find((p) => p.kind === "postgres") as BackedUp;
      const marks = labels({ project, stack }).flatMap(({ label, value }) => [
        "--label",
        `${label}=${value}`,
      ]);
      await docker("volume", "create", ...marks, volume);
      try {
        await progress.step(`reading the data into PostgreSQL ${serverOf(after).postgresVersion}`, () =>
          fill(after, volume, part, join(folder, part.file)),
        );
        requireOk(await engine.up({ refresh: false, replace: [] }));
        await recordVolumes(stack, after);
      } catch (error) {
        revert();
        // The engine takes the settings as they are when it is opened.
        const old = open(stack);
        requireOk(await old.engine.up({ refresh: false, replace: [] }).finally(() => old.progress.end()));
        await docker("volume", "rm", volume);
        throw error;
      }
      return rowsOf(part.tables);
    } finally {
      await progress.step("starting the clients", () => startAgain(stack, before, stopped));
    }
  } finally {
    progress.end();
  }
}

/** Reads the dump into a new cluster on the volume, and compares every row. */
async function fill(system: SystemSpec, volume: string, part: BackedUp, file: string): Promise<void> {
  const server = serverOf(system);
  const { reference } = imagePlan(server.image, plansOf(system));
  const work = async (cluster: Postgres): Promise<void> => {
    await cluster.ensureRoles(part.roles ?? []);
    await cluster.restore(file, await cluster.database());
    await cluster.query("ANALYZE;");
    const wrong = differences(part.tables ?? {}, await cluster.tables());
    if (wrong.length > 0) throw new Error(`the new cluster does not hold the same:\n${wrong.join("\n")}`);
  };
  await withServer(server, reference, [], work, volume);
}

function requireLater(stack: string, system: SystemSpec, version: string): void {
  const now = system.services.filter(isLongRunning).find((s) => s.role === "postgres")?.postgresVersion;
  const later = postgresVersions.filter((one) => now !== undefined && Number(one) > Number(now));
  if (systems[system.name as SystemName].anyPostgres && later.includes(version as PostgresVersion)) return;
  throw new Failure(
    now === undefined
      ? `${system.name} has no PostgreSQL.`
      : `Stack "${stack}" runs PostgreSQL ${now} in the system ${system.name}, and VERSION is "${version}".`,
    later.length > 0 && systems[system.name as SystemName].anyPostgres
      ? `Type: make upgrade-postgres STACK=${stack} VERSION=${later.at(-1)}`
      : "There is no later version for it.",
  );
}

/** Refuses a volume that is there already: what is in it may be the data of an earlier try, or of something else. */
async function requireFree(stack: string, volume: string): Promise<void> {
  if (!(await hasVolume(volume))) return;
  throw new Failure(
    `The volume ${volume} is there already.`,
    `Look what is in it; if nobody needs it: docker volume rm ${volume}, and make upgrade-postgres STACK=${stack} again.`,
  );
}

function requireOk({ ok, errors }: Outcome): void {
  if (!ok) throw new Error(errors.join("\n"));
}

function serverOf(system: SystemSpec): LongRunning {
  return system.services.filter(isLongRunning).find((s) => s.role === "postgres") as LongRunning;
}

const volumeOf = (stack: string, system: SystemSpec): string =>
  fullName({ project, stack }, serverOf(system).volumes[0]?.volume ?? "");

/** A stack's file with the setting in it, and its comments as they were. */
function withVersion(text: string, version: string): string {
  const document = parseDocument(text);
  document.setIn(["config", `${project}:postgresVersion`], version);
  return document.toString();
}
