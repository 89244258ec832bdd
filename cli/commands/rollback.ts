import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseDocument } from "yaml";
import { docker } from "../../host/docker.ts";
import { Failure } from "../../host/failure.ts";
import { type Deployment, projectDir, readRecord, record } from "../../host/paths.ts";
import { type Command, print } from "../command.ts";
import { imagesOf, isSame, pinnedKey } from "../deployments.ts";
import { requireDocker, systemOf } from "../preflight/index.ts";
import { readStackFile, rotationsKey, writeStackFile } from "../stack-file.ts";
import { up } from "./deploy.ts";

/**
 * Takes the stack back to the newest release that is not what it is meant to run now: that release's settings, and its
 * images by name where the checkout would build others. Data and schema stay as they are.
 */
export const rollback: Command = async (args) => {
  const { stack } = args;
  await requireDocker();
  const { file } = readStackFile(stack);
  const settings = readFileSync(file, "utf8");
  const { deployments: releases = [] } = readRecord(stack);
  const now = { settings, images: described(stack) };
  const target = releases.findLast((release) => !isSame(release, now));
  if (!target) {
    throw new Failure(
      `Stack "${stack}" has no earlier release to go back to: ${releases.length} remembered on this machine.`,
      "Correct its settings or its source, or check out an earlier commit, and run make up.",
    );
  }
  await requireImages(target);
  const saved = save(stack, settings);
  print(`Back to the release of ${target.at}; the settings until now are in ${saved}.`);
  writeStackFile(file, withRotations(target.settings, settings));
  pin(file, target, imagesOf(systemOf(stack, print)));
  // What comes after it is no release to go back to.
  record(stack, { deployments: releases.slice(0, releases.indexOf(target) + 1) });
  return up(args);
};

/** The images that the stack is meant to run now; none where its settings are what has to be taken back. */
function described(stack: string): Record<string, string> {
  try {
    return imagesOf(systemOf(stack, print));
  } catch {
    return {};
  }
}

/** Ends before anything is touched when an image that was built is no longer there; others are pulled again. */
async function requireImages({ images, at }: Deployment): Promise<void> {
  const gone: string[] = [];
  for (const reference of Object.values(images)) {
    const isBuilt = /:[0-9a-f]{12}$/.test(reference);
    if (isBuilt && !(await docker("image", "inspect", reference).catch(() => ""))) gone.push(reference);
  }
  if (gone.length === 0) return;
  throw new Failure(
    `Images of the release of ${at} are gone: ${gone.join(", ")}.`,
    "make prune removes what nothing runs. Check out the commit that they were built from, and run make up.",
  );
}

/** Keeps the settings that are taken back: they may be somebody's only copy. Returns where. */
function save(stack: string, settings: string): string {
  const folder = join(projectDir, ".ragdock", "rollback");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `Pulumi.${stack}.${new Date().toISOString().replaceAll(/[:.]/g, "-")}.yaml`);
  writeFileSync(path, settings, { mode: 0o600 });
  return relative(process.cwd(), path);
}

/** The settings of a release with the generations that the secrets have now: the stores know no others. */
function withRotations(settings: string, now: string): string {
  const document = parseDocument(settings);
  const rotations = parseDocument(now).getIn(["config", rotationsKey]);
  if (rotations === document.getIn(["config", rotationsKey])) return settings;
  if (rotations === undefined) document.deleteIn(["config", rotationsKey]);
  else document.setIn(["config", rotationsKey], rotations);
  return document.toString();
}

/** Names the images of a release in the settings, where the checkout would build others. */
function pin(file: string, { images }: Deployment, built: Readonly<Record<string, string>>): void {
  const different = Object.entries(images).filter(([part, reference]) => built[part] !== reference);
  if (different.length === 0) return;
  const document = parseDocument(readFileSync(file, "utf8"));
  const pinned = { ...(document.toJS().config?.[pinnedKey] as object), ...Object.fromEntries(different) };
  document.setIn(["config", pinnedKey], pinned);
  writeStackFile(file, document.toString());
  print(
    `The checkout would build other images, so ${pinnedKey} now names those of the release: ${different.map(([part]) => part).join(", ")}.\n` +
      `Once the source is mended, take that setting out again: pulumi config rm ${pinnedKey}`,
  );
}
