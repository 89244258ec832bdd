import { mkdirSync } from "node:fs";
import { relative } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { buildLogs } from "../config/images.ts";
import { type ImageSource, imageName } from "../config/spec/image.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import { type Build, type ImageMode, imagePlan, type Pull } from "./image-plan.ts";

export interface ImagesArgs extends StackName, ImageMode {
  /** The images that the services run. */
  readonly sources: readonly ImageSource[];
}

/** The images of a stack. Each is pulled or built once, however many services run it. */
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

  /** The id of a source's image. It changes exactly when the content does. */
  id(source: ImageSource): pulumi.Output<string> {
    return this.image(source).imageId;
  }

  /** The reference of a source's image. That of a built image changes exactly when the content does. */
  reference(source: ImageSource): string {
    return this.plan(source).reference;
  }

  /** The references of the images that services run, by short name. */
  references(): Record<string, string> {
    return Object.fromEntries(this.args.sources.map((source) => [imageName(source), this.reference(source)]));
  }

  private image(source: ImageSource): docker.RemoteImage {
    const name = imageName(source);
    const known = this.made.get(name);
    if (known) return known;
    const plan = this.plan(source);
    const image = plan.kind === "pull" ? this.pull(plan) : this.build(plan);
    this.made.set(name, image);
    return image;
  }

  private plan(source: ImageSource): Pull | Build {
    const name = imageName(source);
    const known = this.planned.get(name);
    if (known) return known;
    try {
      const plan = imagePlan(source, this.args);
      this.planned.set(name, plan);
      return plan;
    } catch (error) {
      // Without a stack trace: the message is complete.
      throw new pulumi.RunError((error as Error).message);
    }
  }

  private pull({ name, reference }: Pull): docker.RemoteImage {
    return new docker.RemoteImage(
      fullName(this.args, `image-${name}`),
      { name: reference, keepLocally: true },
      { parent: this },
    );
  }

  private build({
    name,
    reference,
    context,
    dockerfile,
    target,
    buildArgs,
    bases,
  }: Build): docker.RemoteImage {
    return new docker.RemoteImage(
      fullName(this.args, `image-${name}`),
      {
        name: reference,
        keepLocally: true,
        build: {
          context,
          dockerfile: relative(context, dockerfile),
          buildArgs: { ...buildArgs },
          // `make prune` finds the project's images by this label.
          labels: { "ragdock.project": this.args.project },
          buildLogFile: `${buildLogs}/${reference.replaceAll(/[/:]/g, "-")}.log`,
          ...(target ? { target } : {}),
        },
      },
      { parent: this, dependsOn: bases.map((base) => this.image(base)) },
    );
  }
}
