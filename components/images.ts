import { mkdirSync } from "node:fs";
import { relative } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { buildLogs } from "../config/images.ts";
import { Failure } from "../config/spec/failure.ts";
import { type ImageSource, imageName } from "../config/spec/image.ts";
import type { PushImage, RegistryLogin } from "../config/spec/own-registry.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";
import { type Build, type ImageMode, imagePlan, type Pull } from "./image-plan.ts";
import { runError } from "./reader.ts";

export interface ImagesArgs extends StackName, ImageMode {
  /** The images that the services run. */
  readonly sources: readonly ImageSource[];
  readonly pushImage: PushImage;
}

interface Made {
  readonly plan: Pull | Build;
  readonly image: docker.RemoteImage;
}

/** The images of a stack. Each is pulled or built once, however many services run it. */
export class Images extends pulumi.ComponentResource {
  /** By short name, because an image is one resource, however many services run it. */
  private readonly made = new Map<string, Made>();
  /** References with a digest, by short name. */
  private readonly pushed = new Map<string, pulumi.Output<string>>();
  private readonly args: ImagesArgs;

  constructor(name: string, args: ImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:core:Images", name, {}, opts);
    this.args = args;
    mkdirSync(`${buildLogs}/${args.stack}`, { recursive: true });
    for (const source of args.sources) this.make(source);
    this.registerOutputs();
  }

  /** The id of a source's image. It changes exactly when the content does. */
  id(source: ImageSource): pulumi.Output<string> {
    return this.make(source).image.imageId;
  }

  /**
   * The reference of a source's image. That of a built image changes exactly when the content does.
   */
  reference(source: ImageSource): string {
    return this.make(source).plan.reference;
  }

  /**
   * The reference with a digest under which the nodes of a Swarm pull a source's image. A built image
   * is pushed for that.
   * @param login of the registry that the stack runs, known once it runs. @default the user's login
   */
  nodeReference(source: ImageSource, login?: pulumi.Output<RegistryLogin>): pulumi.Output<string> {
    const { plan, image } = this.make(source);
    if (plan.kind === "pull") return image.repoDigest;
    const pushed = this.pushed.get(plan.name) ?? this.push(plan.reference, image, login);
    this.pushed.set(plan.name, pushed);
    return pushed;
  }

  private push(
    reference: string,
    { imageId }: docker.RemoteImage,
    login?: pulumi.Output<RegistryLogin>,
  ): pulumi.Output<string> {
    const { pushImage } = this.args;
    if (!login) return imageId.apply((id) => pushImage(reference, id));
    const pushed = pulumi.all([imageId, login]).apply(([id, known]) => pushImage(reference, id, known));
    // The login is secret, and the reference is not.
    return pulumi.unsecret(pushed);
  }

  /** The references of the images that services run, by short name. */
  references(): Record<string, string> {
    return Object.fromEntries(this.args.sources.map((source) => [imageName(source), this.reference(source)]));
  }

  private make(source: ImageSource): Made {
    const name = imageName(source);
    const known = this.made.get(name);
    if (known) return known;
    const plan = planned(source, this.args);
    const bases = plan.kind === "build" ? (plan.bases ?? []) : [];
    const image = new docker.RemoteImage(
      fullName(this.args, `image-${name}`),
      {
        name: plan.reference,
        keepLocally: true,
        ...(plan.kind === "build" ? { build: buildInputs(plan, this.args) } : {}),
      },
      { parent: this, dependsOn: bases.map((base) => this.make(base).image) },
    );
    const made = { plan, image };
    this.made.set(name, made);
    return made;
  }
}

function planned(source: ImageSource, mode: ImageMode): Pull | Build {
  try {
    return imagePlan(source, mode);
  } catch (error) {
    // A RunError has no stack trace, because its message is complete.
    throw error instanceof Failure ? runError(error) : error;
  }
}

const buildInputs = (
  { name, context, dockerfile, target, buildArgs }: Build,
  { project, stack }: StackName,
) => ({
  context,
  dockerfile: relative(context, dockerfile),
  buildArgs: { ...buildArgs },
  // `make prune` finds the project's images by this label.
  labels: { "ragdock.project": project },
  buildLogFile: `${buildLogs}/${stack}/${name}.log`,
  ...(target ? { target } : {}),
});
