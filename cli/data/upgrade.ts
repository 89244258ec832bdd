import { join } from "node:path";
import { type Build, imagePlan, type Pull } from "../../components/image-plan.ts";
import { resolveSystem } from "../../config/resolve.ts";
import { Failure } from "../../config/spec/failure.ts";
import { type PostgresVersion, postgresVersions } from "../../config/spec/postgres.ts";
import { type LongRunning, longRunning, type SystemSpec } from "../../config/spec/service.ts";
import { createdLabel, fullName, labels, upgradedFromLabel } from "../../config/spec/stack.ts";
import { findSystem } from "../../config/systems/find.ts";
import type { RunResult } from "../../engine/index.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { docker, volumesNamed } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import { pullImages } from "../../host/pull.ts";
import { print } from "../command.ts";
import { type Session, withDeployer } from "../session.ts";
import { changeSettings, systemSetting } from "../stack-file.ts";
import { imageModeOf, reachableSystem } from "../system.ts";
import { elapsed } from "../ui/text.ts";
import { takeBackup } from "./backup.ts";
import { startAgain, stopAround } from "./clients.ts";
import { requireInside } from "./external.ts";
import type { BackedUp } from "./manifest.ts";
import { partsOf } from "./parts.ts";
import { type Postgres, rowsOf } from "./postgres.ts";
import { withServer } from "./scratch.ts";

/**
 * Upgrades a stack's data to a later major version of PostgreSQL. Takes a backup, restores it into
 * a new cluster on a new volume, compares every row, and replaces the server. The old volume is not
 * changed.
 * @returns the exit code
 */
export async function upgradePostgres(stack: string, version: string): Promise<number> {
  const before = await reachableSystem(stack);
  requireLater(stack, before, version);
  const begun = performance.now();
  try {
    const rows = await withDeployer(stack, (session) => upgrade(before, version as PostgresVersion, session));
    print(
      `\nUpgraded to PostgreSQL ${version} after ${elapsed((performance.now() - begun) / 1000)}. All ${rows} rows are the same.`,
    );
    print(`The data before the upgrade stays in the volume ${volumeOf(stack, before)}.`);
    return 0;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `The upgrade failed: ${(error as Error).message}`,
      `The stack continues with its previous data. make health STACK=${stack} shows its state.`,
    );
  }
}

/** @returns the number of rows */
async function upgrade(
  before: SystemSpec,
  version: PostgresVersion,
  { stack, progress }: Session,
): Promise<number> {
  const old = serverOf(before);
  const server = upgraded(stack, before, version);
  const volume = fullName({ project, stack }, server.volumes[0]?.volume ?? "");
  await requireFree(stack, volume);
  if (before.images === "packages") await ensureBaseImage((line) => progress.line(line));
  const image = await progress.step(`building the image of PostgreSQL ${version}`, async () =>
    present(imagePlan(server.image, await imageModeOf(before)), (line) => progress.line(line)),
  );
  const postgres = partsOf(before).filter((part) => part.kind === "postgres");
  const stopped = await stopAround(stack, before, postgres, progress);
  try {
    const { folder, manifest } = await takeBackup(stack, before, progress);
    const part = manifest.parts.find((p) => p.kind === "postgres") as BackedUp;
    await createVolume(stack, volume, volumeOf(stack, before));
    const fill = async (cluster: Postgres): Promise<void> => {
      await cluster.restoreSame(part, join(folder, part.file), "The new cluster differs from the backup");
      await cluster.query("ANALYZE;");
    };
    try {
      await progress.step(`reading the data into PostgreSQL ${version}`, () =>
        withServer(server, image, [], fill, volume),
      );
      changeSettings(stack, [[["postgresVersion"], version]]);
      requireOk(await withSettings(stack));
    } catch (error) {
      await undo(stack, old.postgresVersion, volume).catch((undoing: Error) => {
        throw new Error(`${(error as Error).message}\nThe upgrade could not be undone: ${undoing.message}`);
      });
      throw error;
    }
    return rowsOf(part.tables);
  } finally {
    await progress.step("starting the clients", () => startAgain(stack, before, stopped));
  }
}

/** Restores the old server and removes the new volume. */
async function undo(stack: string, version: string | undefined, volume: string): Promise<void> {
  changeSettings(stack, [[["postgresVersion"], version]]);
  requireOk(await withSettings(stack));
  await docker("volume", "rm", volume);
}

/**
 * Deploys with the current settings of the stack's file: a deployer reads them when it is opened.
 */
const withSettings = (stack: string): Promise<RunResult> =>
  withDeployer(stack, ({ deployer }) => deployer.up());

/** The server with another version, from the same system with only that setting changed. */
function upgraded(stack: string, system: SystemSpec, postgresVersion: PostgresVersion): LongRunning {
  const { environment, images, pinned } = system;
  const raw = { system: systemSetting(stack), environment, images, pinned, postgresVersion };
  const server = serverOf(resolveSystem(raw, { project, stack, secrets: allSecrets, host: {} }));
  // Limits and other settings of the user stay.
  const { image, volumes, environment: variables, user } = server;
  return { ...serverOf(system), image, volumes, environment: variables, ...(user ? { user } : {}) };
}

/** A server does not depend on the user's keys. */
const allSecrets: ReadonlySet<string> = new Set(["llmApiKey", "embeddingsApiKey"]);

/** Builds or pulls an image, unless Docker has it. Returns its reference. */
export async function present(plan: Pull | Build, say: (line: string) => void): Promise<string> {
  const { reference } = plan;
  if (plan.kind === "pull") await pullImages([{ reference, pulls: [reference] }], { except: [], say });
  else if (!(await docker("image", "inspect", reference).catch(() => ""))) {
    const args = Object.entries(plan.buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`);
    await docker("build", "--tag", reference, "--file", plan.dockerfile, ...args, plan.context);
  }
  return reference;
}

/** Creates the volume. The labels of the new volume say that its data comes from the old volume. */
async function createVolume(stack: string, volume: string, from: string): Promise<void> {
  const old = (await volumesNamed([from])).get(from);
  const own = {
    [createdLabel]: new Date().toISOString(),
    [upgradedFromLabel]: old?.Labels?.[createdLabel] ?? "",
  };
  const marks = labels({ project, stack }, own).map(({ label, value }) => `--label=${label}=${value}`);
  await docker("volume", "create", ...marks, volume);
}

function requireLater(stack: string, system: SystemSpec, version: string): void {
  requireInside(
    system,
    ({ role }) => role === "postgres",
    () => "The people who run it upgrade it. The stack needs no change.",
  );
  const now = longRunning(system.services).find((s) => s.role === "postgres")?.postgresVersion;
  const later = postgresVersions.filter((one) => now !== undefined && Number(one) > Number(now));
  const found = findSystem(systemSetting(stack));
  const anyPostgres = "system" in found && found.system.anyPostgres === true;
  if (anyPostgres && later.includes(version as PostgresVersion)) return;
  throw new Failure(
    now === undefined
      ? `${system.name} has no PostgreSQL.`
      : `Stack "${stack}" runs PostgreSQL ${now} in the system ${system.name}. VERSION is "${version}".`,
    later.length > 0 && anyPostgres
      ? `Run: make upgrade-postgres STACK=${stack} VERSION=${later.at(-1)}`
      : "This system has no later version.",
  );
}

/** Refuses a volume that exists already, because it may contain data. */
async function requireFree(stack: string, volume: string): Promise<void> {
  if ((await volumesNamed([volume])).size === 0) return;
  throw new Failure(
    `The volume ${volume} exists already. It may contain data.`,
    `Check its content. If it is not needed: docker volume rm ${volume}, then make upgrade-postgres STACK=${stack} again.`,
  );
}

function requireOk({ ok, errors }: RunResult): void {
  if (!ok) throw new Error(errors.join("\n"));
}

const serverOf = (system: SystemSpec): LongRunning =>
  longRunning(system.services).find((s) => s.role === "postgres") as LongRunning;

const volumeOf = (stack: string, system: SystemSpec): string =>
  fullName({ project, stack }, serverOf(system).volumes[0]?.volume ?? "");
