import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { type ImageName, images, lockedReference } from "../config/images.ts";
import type { Built, ImageSource } from "../config/spec/service.ts";
import { contextDigest } from "./context.ts";

/** Where images come from. */
export interface ImagePlans {
  readonly project: string;
  readonly mode: "registry" | "packages";
  /** Packages mode: the image that everything else is built on. */
  readonly baseImage: string;
  /** Images that run as they are named here instead of as the checkout would have them, by part. */
  readonly pinned: Readonly<Record<string, string>>;
}

/** An image that is pulled. */
export interface Pull {
  readonly kind: "pull";
  readonly part: string;
  readonly reference: string;
}

/** An image that is built. */
export interface Build {
  readonly kind: "build";
  readonly part: string;
  /** `project/name:digest`: the digest stands for all that the build sees, so that an old image keeps its name. */
  readonly reference: string;
  readonly context: string;
  readonly dockerfile: string;
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** What has to be there before. */
  readonly bases: readonly Base[];
}

type Base = NonNullable<Built["bases"]>[number];

const pythonImage: Base = { from: "catalogue", name: "python" };

/**
 * How an image is come by.
 * @throws Error for a folder without a Dockerfile, and for an image that the chosen mode cannot offer
 */
export function imagePlan(source: ImageSource, plans: ImagePlans): Pull | Build {
  const part = partOf(source);
  const reference = plans.pinned[part];
  return reference === undefined ? unpinned(source, plans) : pull(part, reference);
}

const partOf = (source: ImageSource): string =>
  source.from === "reference" ? source.reference.replaceAll(/[^a-z0-9]+/gi, "-") : source.name;

function unpinned(source: ImageSource, plans: ImagePlans): Pull | Build {
  switch (source.from) {
    case "reference":
      return pull(partOf(source), source.reference);
    case "catalogue":
      return plans.mode === "registry" ? official(source.name, plans) : standIn(source.name, plans);
    case "build":
      return build(source, baseArguments(source.bases ?? [], plans), source.bases ?? [], plans);
  }
}

const pull = (part: string, reference: string): Pull => ({ kind: "pull", part, reference });

function official(name: ImageName, plans: ImagePlans): Pull | Build {
  const { wrapped } = images[name];
  const reference = lockedReference(name);
  if (wrapped === undefined) return pull(name, reference);
  return build(
    { name, context: dirname(wrapped), dockerfile: wrapped },
    { OFFICIAL_IMAGE: reference },
    [],
    plans,
  );
}

/** A stand-in is built on the base, or on the Python image where it says so. */
function standIn(name: ImageName, plans: ImagePlans): Build {
  const image = images[name];
  if (!("dockerfile" in image)) throw new Error(`There is no stand-in for ${name}: ${image.standIn}`);
  const folder = image.dockerfile;
  const bases = "python" in image ? [pythonImage] : [];
  const buildArgs = "python" in image ? baseArguments(bases, plans) : { BASE_IMAGE: plans.baseImage };
  const args = { ...buildArgs, ...image.args };
  return build({ name, context: folder, dockerfile: `${folder}/Dockerfile` }, args, bases, plans);
}

/** The build arguments under which a Dockerfile gets the names of the images it builds on: `PYTHON_IMAGE`. */
function baseArguments(bases: readonly Base[], plans: ImagePlans): Record<string, string> {
  return Object.fromEntries(
    bases.map((base) => [
      `${base.name.toUpperCase().replaceAll("-", "_")}_IMAGE`,
      imagePlan(base, plans).reference,
    ]),
  );
}

function build(
  source: Pick<Built, "name" | "context" | "dockerfile" | "target">,
  buildArgs: Readonly<Record<string, string>>,
  bases: readonly Base[],
  { project }: ImagePlans,
): Build {
  const { name, context, dockerfile, target } = source;
  if (!existsSync(dockerfile)) {
    throw new Error(`There is no ${dockerfile}: a folder named to be built needs a Dockerfile in it.`);
  }
  const digest = contextDigest(context, dockerfile, buildArgs);
  const reference = `${project}/${name}:${digest}`;
  return {
    kind: "build",
    part: name,
    reference,
    context,
    dockerfile,
    ...(target ? { target } : {}),
    buildArgs,
    bases,
  };
}
