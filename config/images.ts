import lock from "./images.lock.json" with { type: "json" };
import { pythonCatalogueImage } from "./services/python.ts";
import type { CatalogueImage } from "./spec/image.ts";
import { systems } from "./systems/index.ts";

/** Every image that is not built from the project's own source: a fold over the modules of all systems. */
export const images: readonly CatalogueImage[] = [
  ...new Map(
    [
      pythonCatalogueImage,
      ...Object.values(systems).flatMap(({ modules }) => modules.flatMap((m) => m.images ?? [])),
    ].map((image) => [image.name, image]),
  ).values(),
];

/**
 * The official image as it is pulled: with its digest once `config/images.lock.json` has one for this tag.
 * @param mirror the prefix of `ragdock:registry`, if the images come from there
 */
export function lockedReference(reference: string, mirror: string | undefined): string {
  const digest = (lock as Readonly<Record<string, string>>)[reference];
  const pulled = mirror === undefined ? reference : `${mirror}/${withoutRegistry(reference)}`;
  return digest === undefined ? pulled : `${pulled}@${digest}`;
}

/** `quay.io/team/image:1` is `team/image:1`, and `redis:8` stays what it is. */
function withoutRegistry(reference: string): string {
  const [first = "", ...rest] = reference.split("/");
  return rest.length > 0 && /[.:]/.test(first) ? rest.join("/") : reference;
}

/** The references of all images that are pulled, those that wrapped images build on included. */
export const pulledReferences: readonly string[] = [
  ...new Set(images.flatMap(({ reference, wrapped }) => [reference, ...(wrapped ? [wrapped.base] : [])])),
].sort();

/** Where builds leave their logs, relative to the project. A provider's error has only the failed command. */
export const buildLogs = ".ragdock/builds";
