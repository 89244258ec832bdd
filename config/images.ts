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

/** The official image as it is pulled: with its digest once `config/images.lock.json` has one for this tag. */
export function lockedReference({ reference }: CatalogueImage): string {
  const digest = (lock as Readonly<Record<string, string>>)[reference];
  return digest === undefined ? reference : `${reference}@${digest}`;
}

/** Where builds leave their logs, relative to the project. A provider's error has only the failed command. */
export const buildLogs = ".ragdock/builds";
