import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { imagePlan } from "../../components/image-plan.ts";
import type { Deployment } from "../../config/spec/deployment.ts";
import { isSame, jsonOrText, pinnedKey, rotationsKey, sourceOf } from "../../config/spec/deployment.ts";
import { Failure } from "../../config/spec/failure.ts";
import { removeCommand } from "../../config/spec/message.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { type Target, targetOf, targetText } from "../../config/spec/target.ts";
import { findSystem } from "../../config/systems/find.ts";
import { docker } from "../../host/docker.ts";
import { projectDir } from "../../host/paths.ts";
import { requireDocker } from "../../host/server.ts";
import { command, print, stackOption, startFolder } from "../command.ts";
import { deploymentsOf } from "../session.ts";
import { changeSettings, ownSettings, stackFile } from "../stack-file.ts";
import { imageModeOf, systemOf } from "../system.ts";
import { elapsed, table } from "../ui/text.ts";
import { bringUp } from "./up.ts";

/** References of the images that a system's services run, by short name. */
async function imagesOf(system: SystemSpec): Promise<Record<string, string>> {
  const mode = await imageModeOf(system);
  const plans = system.services.map(({ image }) => imagePlan(image, mode));
  return Object.fromEntries(plans.map(({ name, reference }) => [name, reference]));
}

/**
 * What the stack's file selects in addition to its settings. There are no images if its settings
 * are wrong. A rollback may have to correct them.
 */
const wanted = (stack: string): Promise<Pick<Deployment, "images" | "source">> =>
  systemOf(stack)
    .then(async (system) => ({ images: await imagesOf(system), ...sourceOf(system) }))
    .catch(() => ({ images: {} }));

/**
 * Settings that follow the data. A rollback keeps them, because the data does not match earlier
 * ones.
 */
const ofData = [rotationsKey, "postgresVersion", "lostVolumes", "lostFiles"];

/** Settings that alone do not make two deployments different. */
const notCompared = [pinnedKey, ...ofData];

const ranOn = ({ settings }: Deployment): Target => targetOf(settings.target);

/**
 * The deployment that a rollback returns to. The data is where the last deployment ran, so only
 * deployments on the same target count.
 * @param now what the stack's file selects
 * @param to the number of the deployment. @default the newest one that differs
 */
export function chosen(
  stack: string,
  all: readonly Deployment[],
  now: Omit<Deployment, "at">,
  to: string | undefined,
): Deployment {
  const last = all.at(-1);
  const isHere = (deployment: Deployment): boolean => last !== undefined && ranOn(deployment) === ranOn(last);
  const found = to
    ? all[Number(to) - 1]
    : all.findLast((deployment) => isHere(deployment) && !isSame(deployment, now, notCompared));
  if (!found) throw noneToReturnTo(stack, all, to, all.filter((one) => !isHere(one)).length);
  if (!last || isHere(found)) return found;
  throw new Failure(
    `Deployment ${to} ran on ${targetText(ranOn(found))}, and the stack now runs on ${targetText(ranOn(last))}. A rollback moves no data: the stack would start with old data.`,
    `To move the stack back: docs/guide/several-machines.md#from-one-machine-to-three. Other deployments: make deployments STACK=${stack}`,
  );
}

function noneToReturnTo(
  stack: string,
  all: readonly Deployment[],
  to: string | undefined,
  elsewhere: number,
): Failure {
  const list = `List them: make deployments STACK=${stack}`;
  if (to) return new Failure(`Stack "${stack}" has no deployment ${to}.`, list);
  const why =
    elsewhere > 0
      ? `. ${elsewhere} of them ran on another target (ragdock:target), and a rollback moves no data. The others`
      : ", and they";
  return new Failure(
    `Stack "${stack}" has no earlier deployment to return to. ${all.length} deployments are recorded${why} differ at most in rotated secrets.`,
    "Correct its settings or its source, or check out an earlier commit, and run make up.",
  );
}

export const rollback = command({
  name: "rollback",
  summary: "Return the stack to the settings and images of an earlier deployment",
  details: "Data and rotated secrets stay as they are. `ragdock deployments` lists the choices",
  options: {
    stack: stackOption,
    to: { flags: "--to <number>", description: "the deployment; by default the newest one that differs" },
  },
  examples: ["rollback", "rollback --stack prod --to 3"],
  run: async ({ stack, to }) => {
    await requireDocker();
    const settings = ownSettings(stack);
    const now = { settings, ...(await wanted(stack)) };
    const target = chosen(stack, await deploymentsOf(stack), now, to);
    requireSource(target);
    await requireImages(target);
    print(`Returned to the deployment of ${target.at}. The previous settings are saved in ${save(stack)}.`);
    print(`To choose another deployment, list them: make deployments STACK=${stack}`);
    restoreSettings(stack, settings, target);
    await pin(stack, target);
    return bringUp({ stack });
  },
});

export const deployments = command({
  name: "deployments",
  summary: "List the deployments that `rollback` can return to",
  options: { stack: stackOption },
  examples: ["deployments --stack prod"],
  run: async ({ stack }) => {
    const all = await deploymentsOf(stack);
    const rows = all.map((deployment, index) => [
      String(index + 1),
      `${elapsed((Date.now() - Date.parse(deployment.at)) / 1000)} ago`,
      changesSince(all[index - 1], deployment).join(", ") || "first",
    ]);
    print(
      rows.length > 0
        ? table(["NUMBER", "DEPLOYED", "CHANGED"], rows)
        : `Stack "${stack}" has not been deployed yet.`,
    );
    return 0;
  },
});

/** The settings and images that differ between two deployments. */
function changesSince(earlier: Deployment | undefined, { settings, images, source }: Deployment): string[] {
  if (!earlier) return [];
  const keys = (one: object, other: object): string[] =>
    [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
      (key) => !isDeepStrictEqual((one as never)[key], (other as never)[key]),
    );
  return [
    ...keys(earlier.settings, settings),
    ...keys(earlier.images, images).map((name) => `image ${name}`),
    ...(earlier.source === source ? [] : ["the files of the system"]),
  ];
}

/**
 * Throws before anything is changed, if the files of the deployment's own system have changed
 * since.
 */
function requireSource({ settings, source, at }: Deployment): void {
  if (source === undefined) return;
  const file = settings.system ?? "";
  const found = findSystem(file);
  if ("problem" in found)
    throw new Failure(
      `The deployment of ${at} ran ${file}: ${found.problem.problem}.`,
      "Check out the version of the file from that time, and run the same command again.",
    );
  if (found.digest !== source)
    throw new Failure(
      `${file} has changed since the deployment of ${at}. A rollback restores settings and images, but not files.`,
      "Check out the earlier version of the file and of the files it imports, and run make up.",
    );
}

/**
 * Throws before anything is changed, if a built image no longer exists. Other images are pulled
 * again.
 */
async function requireImages({ images, at }: Deployment): Promise<void> {
  const gone: string[] = [];
  for (const reference of Object.values(images)) {
    const isBuilt = /:[0-9a-f]{12}$/.test(reference);
    if (isBuilt && !(await docker("image", "inspect", reference).catch(() => ""))) gone.push(reference);
  }
  if (gone.length > 0)
    throw new Failure(
      `Images of the deployment of ${at} are gone: ${gone.join(", ")}.`,
      "make prune removes images that no container uses. Check out the commit that they were built from, and run make up.",
    );
}

/** Keeps a copy of the current settings. Returns where. */
function save(stack: string): string {
  const folder = join(projectDir, ".ragdock", "rollback");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `Pulumi.${stack}.${new Date().toISOString().replaceAll(/[:.]/g, "-")}.yaml`);
  writeFileSync(path, readFileSync(stackFile(stack)), { mode: 0o600 });
  return relative(startFolder, path);
}

/** Puts a deployment's settings into the stack's file, except for those that follow the data. */
function restoreSettings(stack: string, now: Record<string, string>, { settings }: Deployment): void {
  const keys = new Set([...Object.keys(now), ...Object.keys(settings)]);
  for (const key of ofData) keys.delete(key);
  const changed = [...keys].filter((key) => now[key] !== settings[key]);
  changeSettings(
    stack,
    changed.map((key) => {
      const text = settings[key];
      return [[key], text === undefined ? undefined : jsonOrText(text)] as const;
    }),
  );
}

/** Writes the images of a deployment into the settings, if the checkout would build others. */
async function pin(stack: string, { images }: Deployment): Promise<void> {
  const built = await imagesOf(await systemOf(stack));
  const different = Object.entries(images).filter(([name, reference]) => built[name] !== reference);
  if (different.length === 0) return;
  changeSettings(
    stack,
    different.map(([name, reference]) => [[pinnedKey, name], reference] as const),
  );
  const setting = `ragdock:${pinnedKey}`;
  print(
    `The checkout would build other images, so ${setting} now names those of the deployment: ${different.map(([name]) => name).join(", ")}.\n` +
      `When the source is fixed: ${removeCommand(pinnedKey)}`,
  );
}
