import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { lockedReference } from "../config/images.ts";
import { Failure } from "../config/spec/failure.ts";
import {
  type BaseImage,
  type Built,
  type CatalogueImage,
  type ImageSource,
  imageName,
  type RequiredImage,
} from "../config/spec/image.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { contextDigest } from "./context-digest.ts";

/** The source of a stack's images. */
export interface ImageMode {
  readonly project: string;
  readonly images: "registry" | "packages";
  /**
   * Registry mode: the prefix that all official images are pulled from. @default each from its own
   * registry
   */
  readonly registry: string | undefined;
  /** The prefix that built images are pushed to. @default they stay in Docker */
  readonly pushTo?: string | undefined;
  /** Packages mode: the image that everything else is built on. */
  readonly baseImage: string;
  /** Images that run by this reference, by short name. */
  readonly pinned: Readonly<Record<string, string>>;
}

/** The source of a system's images. */
export const imageMode = (
  { images, registry, pinned, target, ownRegistry }: SystemSpec,
  project: string,
  baseImage: string,
): ImageMode => ({
  ...{ project, images, registry, pinned, baseImage },
  ...(target === "swarm" ? { pushTo: registry ?? ownRegistry?.address } : {}),
});

/** An image that is pulled. */
export interface Pull {
  readonly kind: "pull";
  readonly name: string;
  readonly reference: string;
}

/** An image that is built. */
export interface Build extends Omit<Built, "from"> {
  readonly kind: "build";
  /**
   * `project/name:digest`. The tag is a digest of everything that the build reads, so an old image
   * keeps its name.
   */
  readonly reference: string;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/**
 * Decides whether an image is pulled or built, and under which reference.
 * @throws Failure for a folder without a Dockerfile, and for an image that the mode cannot offer
 */
export function imagePlan(source: ImageSource, mode: ImageMode): Pull | Build {
  const name = imageName(source);
  const pinned = mode.pinned[name];
  if (pinned !== undefined) return { kind: "pull", name, reference: pinned };
  switch (source.from) {
    case "reference":
      return { kind: "pull", name, reference: source.reference };
    case "catalogue":
      return mode.images === "registry" ? official(source.image, mode) : standIn(source.image, mode);
    case "build":
      return build(source, { ...baseArguments(source.bases, referenceOf(mode)), ...source.args }, mode);
  }
}

function official({ name, reference, wrapped }: CatalogueImage, mode: ImageMode): Pull | Build {
  const pulled = lockedReference(reference, mode.registry);
  if (wrapped === undefined) return { kind: "pull", name, reference: pulled };
  const { dockerfile, base } = wrapped;
  const args = { OFFICIAL_IMAGE: pulled, BASE_IMAGE: lockedReference(base, mode.registry) };
  return build({ name, context: dirname(dockerfile), dockerfile }, args, mode);
}

/** The images of a system's services that need something from a registry. */
export const requiredImages = ({ services }: SystemSpec, mode: ImageMode): RequiredImage[] => [
  ...new Map(
    services
      .map(({ image }) => ({ reference: imagePlan(image, mode).reference, pulls: pullsOf(image, mode) }))
      .filter(({ pulls }) => pulls.length > 0)
      .map((image) => [image.reference, image]),
  ).values(),
];

function pullsOf(source: ImageSource, mode: ImageMode): string[] {
  const plan = imagePlan(source, mode);
  if (plan.kind === "pull") return [plan.reference];
  const official = source.from === "catalogue" && mode.images === "registry";
  // The build arguments of a wrapped image name both.
  const wrapped = official ? Object.values(plan.buildArgs) : [];
  return [...new Set([...wrapped, ...(plan.bases ?? []).flatMap((base) => pullsOf(base, mode))])];
}

/** A stand-in is built on the Debian base, or on another image of the catalogue. */
function standIn({ name, standIn }: CatalogueImage, mode: ImageMode): Build {
  if ("unavailable" in standIn)
    throw new Failure(`${name} cannot be built from packages.`, standIn.unavailable);
  const bases: BaseImage[] = standIn.base ? [{ from: "catalogue", image: standIn.base }] : [];
  const args = standIn.base ? baseArguments(bases, referenceOf(mode)) : { BASE_IMAGE: mode.baseImage };
  const source = { name, context: standIn.folder, dockerfile: `${standIn.folder}/Dockerfile`, bases };
  return build(source, { ...args, ...standIn.args }, mode);
}

const referenceOf =
  (mode: ImageMode) =>
  (base: BaseImage): string =>
    imagePlan(base, mode).reference;

/**
 * The build arguments with the references of the images that a Dockerfile builds on, such as
 * `PYTHON_IMAGE`.
 */
export const baseArguments = (
  bases: readonly BaseImage[] = [],
  reference: (base: BaseImage) => string,
): Record<string, string> =>
  Object.fromEntries(
    bases.map((base) => [`${argumentOf(base).toUpperCase().replaceAll("-", "_")}_IMAGE`, reference(base)]),
  );

const argumentOf = (base: BaseImage): string =>
  (base.from === "catalogue" ? base.image.argument : base.argument) ?? imageName(base);

function build(
  source: Omit<Built, "from">,
  buildArgs: Readonly<Record<string, string>>,
  { project, pushTo }: ImageMode,
): Build {
  const { name, context, dockerfile, target } = source;
  if (!existsSync(dockerfile))
    throw new Failure(`${dockerfile} does not exist.`, "A folder to build needs a Dockerfile.");
  const read = { ...buildArgs, ...(target ? { "--target": target } : {}) };
  const reference = `${pushTo ? `${pushTo}/` : ""}${project}/${name}:${digestOf(context, dockerfile, read)}`;
  return { ...source, kind: "build", reference, buildArgs };
}

/**
 * Digests of this run, because many images build on the same ones. All parts of a run use the same
 * digest, even if a file changes meanwhile.
 */
const digests = new Map<string, string>();

function digestOf(...build: Parameters<typeof contextDigest>): string {
  const key = JSON.stringify(build);
  const digest = digests.get(key) ?? contextDigest(...build);
  digests.set(key, digest);
  return digest;
}
