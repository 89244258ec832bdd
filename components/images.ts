import { existsSync, mkdirSync } from "node:fs";
import { dirname, relative } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { buildLogs, type ImageName, images, lockedReference } from "../config/images.ts";
import type { Built, ImageSource } from "../config/service.ts";
import { contextDigest } from "./context.ts";
import { fullName, type Naming } from "./names.ts";

export interface ImagesArgs extends Naming {
  readonly mode: "registry" | "packages";
  /** The images that the services run. */
  readonly sources: readonly ImageSource[];
  /** Packages mode: the image that everything else is built on. */
  readonly baseImage: string;
}

/** What a build is made of. */
interface Build {
  readonly name: string;
  readonly context: string;
  readonly dockerfile: string;
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly dependsOn: readonly pulumi.Resource[];
}

type Plan = Omit<Build, "dependsOn">;

type Catalogued = Extract<ImageSource, { from: "catalogue" }>;

const pythonImage: Catalogued = { from: "catalogue", name: "python" };

const bases = (source: Built): readonly (Built | Catalogued)[] => source.bases ?? [];

/** The build argument under which a Dockerfile gets the name of an image it builds on: `PYTHON_IMAGE`. */
export const baseArgument = ({ name }: { readonly name: string }): string =>
  `${name.toUpperCase().replaceAll("-", "_")}_IMAGE`;

/** The images of a stack: each is pulled or built once, however many services run it. */
export class Images extends pulumi.ComponentResource {
  private readonly made = new Map<string, docker.RemoteImage>();
  private readonly args: ImagesArgs;

  constructor(name: string, args: ImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:core:Images", name, {}, opts);
    this.args = args;
    mkdirSync(buildLogs, { recursive: true });
    for (const source of args.sources) this.image(source);
    this.registerOutputs();
  }

  /** The id of a source's image: it changes exactly when the content does. */
  id(source: ImageSource): pulumi.Output<string> {
    return this.image(source).imageId;
  }

  private image(source: ImageSource): docker.RemoteImage {
    const key = source.from === "reference" ? source.reference : source.name;
    const known = this.made.get(key);
    if (known) return known;
    const image = this.resource(source);
    this.made.set(key, image);
    return image;
  }

  private resource(source: ImageSource): docker.RemoteImage {
    switch (source.from) {
      case "reference":
        return this.pull(source.reference.replaceAll(/[^a-z0-9]+/gi, "-"), source.reference);
      case "catalogue":
        return this.args.mode === "registry" ? this.official(source.name) : this.standIn(source.name);
      case "build":
        return this.build({
          ...this.builtPlan(source),
          dependsOn: bases(source).map((base) => this.image(base)),
        });
    }
  }

  private builtPlan(source: Built): Plan {
    const args = bases(source).map((base) => [baseArgument(base), this.reference(base)] as const);
    return { ...source, buildArgs: Object.fromEntries(args) };
  }

  private official(name: ImageName): docker.RemoteImage {
    const { wrapped } = images[name];
    if (wrapped === undefined) return this.pull(name, lockedReference(name));
    return this.build({
      name,
      context: dirname(wrapped),
      dockerfile: wrapped,
      buildArgs: { OFFICIAL_IMAGE: lockedReference(name) },
      dependsOn: [],
    });
  }

  private pull(part: string, reference: string): docker.RemoteImage {
    return new docker.RemoteImage(
      fullName(this.args, `image-${part}`),
      { name: reference, keepLocally: true },
      { parent: this },
    );
  }

  private standIn(name: ImageName): docker.RemoteImage {
    const plan = this.standInBuild(name);
    return this.build({
      ...plan,
      dependsOn: plan.python ? [this.image(pythonImage)] : [],
    });
  }

  /** A stand-in is built on the base, or on the Python image where it says so. */
  private standInBuild(name: ImageName): Plan & { python: boolean } {
    const image = images[name];
    if (!("dockerfile" in image))
      throw new pulumi.RunError(`There is no stand-in for ${name}: ${image.standIn}`);
    const python = "python" in image;
    return {
      name,
      python,
      context: image.dockerfile,
      dockerfile: `${image.dockerfile}/Dockerfile`,
      buildArgs: python
        ? { [baseArgument(pythonImage)]: this.reference(pythonImage) }
        : { BASE_IMAGE: this.args.baseImage },
    };
  }

  /** By what name a build refers to an image that it builds on. */
  private reference(source: Built | Catalogued): string {
    if (source.from === "build") return this.tag(this.builtPlan(source));
    return this.args.mode === "registry"
      ? lockedReference(source.name)
      : this.tag(this.standInBuild(source.name));
  }

  /** The digest is the tag, so that an old image keeps its name and going back to it builds nothing. */
  private tag(build: Plan): string {
    const { context, dockerfile, buildArgs } = build;
    if (!existsSync(dockerfile)) {
      throw new pulumi.RunError(
        `There is no ${dockerfile}: a folder named to be built needs a Dockerfile in it.`,
      );
    }
    return `${this.args.project}/${build.name}:${contextDigest(context, dockerfile, buildArgs)}`;
  }

  private build(build: Build): docker.RemoteImage {
    const tag = this.tag(build);
    return new docker.RemoteImage(
      fullName(this.args, `image-${build.name}`),
      {
        name: tag,
        keepLocally: true,
        build: {
          context: build.context,
          dockerfile: relative(build.context, build.dockerfile),
          buildArgs: { ...build.buildArgs },
          // By this label `make prune` knows what is ours.
          labels: { "ragdock.project": this.args.project },
          buildLogFile: `${buildLogs}/${tag.replaceAll(/[/:]/g, "-")}.log`,
          ...(build.target ? { target: build.target } : {}),
        },
      },
      { parent: this, dependsOn: [...build.dependsOn] },
    );
  }
}
