import { readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { imagePlan } from "../components/plan.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { type Deployment, project, readRecord, record } from "../host/paths.ts";
import { plansOf } from "./preflight/index.ts";
import { readStackFile, rotationsKey } from "./stack-file.ts";

/** Releases that are remembered of a stack. */
const kept = 10;

/** Remembers what the stack runs now as its newest release, unless it is that already. */
export function recordDeployment(stack: string, system: SystemSpec): void {
  const release: Deployment = {
    at: new Date().toISOString(),
    settings: readFileSync(readStackFile(stack).file, "utf8"),
    images: imagesOf(system),
  };
  const { deployments: releases = [] } = readRecord(stack);
  const last = releases.at(-1);
  if (last && isSame(last, release)) return;
  record(stack, { deployments: [...releases, release].slice(-kept) });
}

/** References of the images that a system's services run, by part. */
export function imagesOf(system: SystemSpec): Record<string, string> {
  const plans = plansOf(system);
  return Object.fromEntries(
    system.services
      .map(({ image }) => imagePlan(image, plans))
      .map(({ part, reference }) => [part, reference]),
  );
}

/**
 * Whether two releases run the same: pins say only how an image got its name, and a rotated secret is none to go back to,
 * for the store knows it no more.
 */
export const isSame = (one: Omit<Deployment, "at">, other: Omit<Deployment, "at">): boolean =>
  comparable(one) === comparable(other);

function comparable({ settings, images }: Omit<Deployment, "at">): string {
  const config: Record<string, unknown> = { ...parse(settings)?.config };
  for (const key of [pinnedKey, rotationsKey]) delete config[key];
  return stringify([config, images], { sortMapEntries: true, aliasDuplicateObjects: false });
}

export const pinnedKey = `${project}:pinned`;
