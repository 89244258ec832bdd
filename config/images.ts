import lock from "./images.lock.json" with { type: "json" };
import { nodeCatalogueImage } from "./services/language-images.ts";
import { pythonCatalogueImage } from "./services/python.ts";
import { registryCatalogueImage } from "./services/registry.ts";
import { type CatalogueImage, type ImageSource, imageName, isBuilt, splitReference } from "./spec/image.ts";
import type { SystemSpec } from "./spec/service.ts";
import { systems } from "./systems/index.ts";

/**
 * All images that are not built from the project's own source, collected from the modules of all
 * systems.
 */
export const images: readonly CatalogueImage[] = [
  ...new Map(
    [
      pythonCatalogueImage,
      nodeCatalogueImage,
      registryCatalogueImage,
      ...Object.values(systems).flatMap(({ modules }) => modules.flatMap((m) => m.images ?? [])),
    ].map((image) => [image.name, image]),
  ).values(),
];

/**
 * The official image as it is pulled: with its digest once `config/images.lock.json` has one for
 * this tag.
 * @param mirror the prefix of `ragdock:registry`, if the images come from there
 */
export function lockedReference(reference: string, mirror: string | undefined): string {
  const digest = (lock as Readonly<Record<string, string>>)[reference];
  const pulled = mirror === undefined ? reference : `${mirror}/${splitReference(reference).path}`;
  return digest === undefined ? pulled : `${pulled}@${digest}`;
}

/** The references of all images that are pulled, including those that wrapped images build on. */
export const pulledReferences: readonly string[] = [
  ...new Set(images.flatMap(({ reference, wrapped }) => [reference, ...(wrapped ? [wrapped.base] : [])])),
].sort();

/** The reference under which a system pulls an image. Undefined for an image that is built. */
export function pulledReference(
  source: ImageSource,
  { images, pinned, registry }: Pick<SystemSpec, "images" | "pinned" | "registry">,
): string | undefined {
  const own = pinned[imageName(source)];
  if (own !== undefined) return own;
  if (source.from === "reference") return source.reference;
  if (source.from === "build" || isBuilt(source, { images, pinned })) return undefined;
  return lockedReference(source.image.reference, registry);
}

/**
 * The folder for the logs of builds, relative to the project, with a folder for each stack. A
 * provider's error has only the failed command.
 */
export const buildLogs = ".ragdock/builds";
