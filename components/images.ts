import { mkdirSync } from "node:fs";
import { relative } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { buildLogs } from "../config/images.ts";
import type { ImageSource } from "../config/spec/service.ts";
import { fullName, type Naming } from "./names.ts";
import { type Build, type ImagePlans, imagePlan, type Pull } from "./plan.ts";

export interface ImagesArgs extends Naming, ImagePlans {
  /** The images that the services run. */
  readonly sources: readonly ImageSource[];
}

/** The images of a stack: each is pulled or built once, however many services run it. */
export class Images extends pulumi.ComponentResource {
  private readonly made = new Map<string, docker.RemoteImage>();
  /** A plan reads and hashes the whole context of its build. */
  private readonly planned = new Map<string, Pull | Build>();
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

  /** What a source's image is called: of a built one it changes exactly when the content does. */
  reference(source: ImageSource): string {
    return this.plan(source).reference;
  }

  private image(source: ImageSource): docker.RemoteImage {
    const key = keyOf(source);
    const known = this.made.get(key);
    if (known) return known;
    const plan = this.plan(source);
    const image = plan.kind === "pull" ? this.pull(plan) : this.build(plan);
    this.made.set(key, image);
    return image;
  }

  private plan(source: ImageSource): Pull | Build {
    const key = keyOf(source);
    const known = this.planned.get(key);
    if (known) return known;
    try {
      const plan = imagePlan(source, this.args);
      this.planned.set(key, plan);
      return plan;
    } catch (error) {
      // Without a stack trace: the message says it all.
      throw new pulumi.RunError((error as Error).message);
    }
  }

  private pull({ part, reference }: Pull): docker.RemoteImage {
    return new docker.RemoteImage(
      fullName(this.args, `image-${part}`),
      { name: reference, keepLocally: true },
      { parent: this },
    );
  }

  private build({
    part,
    reference,
    context,
    dockerfile,
    target,
    buildArgs,
    bases,
  }: Build): docker.RemoteImage {
    return new docker.RemoteImage(
      fullName(this.args, `image-${part}`),
      {
        name: reference,
        keepLocally: true,
        build: {
          context,
          dockerfile: relative(context, dockerfile),
          buildArgs: { ...buildArgs },
          // By this label `make prune` knows what is ours.
          labels: { "ragdock.project": this.args.project },
          buildLogFile: `${buildLogs}/${reference.replaceAll(/[/:]/g, "-")}.log`,
          ...(target ? { target } : {}),
        },
      },
      { parent: this, dependsOn: bases.map((base) => this.image(base)) },
    );
  }
}

/** What tells one source from another within a stack. */
const keyOf = (source: ImageSource): string => (source.from === "reference" ? source.reference : source.name);
