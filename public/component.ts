import { isAbsolute, join, relative, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { runError } from "../components/reader.ts";
import { RagStack } from "../components/stack.ts";
import { type Facts, resolveSystem } from "../config/resolve.ts";
import { Failure } from "../config/spec/failure.ts";
import type { BaseImage, CatalogueImage, ImageSource } from "../config/spec/image.ts";
import { shownTo } from "../config/spec/message.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { programReader } from "../host/image-program.ts";

/**
 * A value of any type. The schema of Pulumi's packages cannot describe the types of the settings.
 */
type Any = ReturnType<JSON["parse"]>;

/** The inputs of a RagService. */
export interface RagServiceArgs {
  /**
   * The settings under `ragdock:` in a stack's file: docs/reference/settings.md. Paths are absolute.
   * @default those of the system `full` in `dev`
   */
  readonly settings?: Readonly<Record<string, Any>>;
  /** Values of the secrets that a user sets, by name, such as `llmApiKey`. */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /** The image that `images: packages` builds on: what `make base` of a checkout prints. */
  readonly baseImage?: string;
}

/**
 * A whole RAG service on a Docker host, for programs other than Ragdock's own. Its containers,
 * networks and volumes have the project and the stack in their names, so a program can have only
 * one.
 * @example new RagService("rag", { settings: { environment: "dev", images: "registry" } });
 */
export class RagService extends pulumi.ComponentResource {
  /** Name of the URL → address. */
  readonly urls: pulumi.Output<Record<string, string>>;
  /** References of the images, by short name. */
  readonly images: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: RagServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:index:RagService", name, {}, opts);
    const stack = { project: pulumi.getProject(), stack: pulumi.getStack() };
    const secrets = args.secrets ?? {};
    const system = systemOf(args, stack, new Set(Object.keys(secrets)));
    const programs = programReader({ make: !pulumi.runtime.isDryRun(), containers: [] });
    const rag = new RagStack(
      `${stack.project}-${stack.stack}`,
      {
        ...stack,
        system,
        secrets,
        baseImage: args.baseImage ?? "",
        hostPath: (path) => resolve(root, path),
        imageProgram: programs,
        // One engine runs what it has built.
        pushImage: async (reference) => reference,
        stopReplaced: async () => {},
        // The facts about the host and earlier deployments that the command line passes in.
        deployer: "",
        secretVersions: {},
        keptSecrets: {},
        existingVolumes: {},
        broken: {},
      },
      { parent: this },
    );
    this.urls = pulumi.output({ ...system.urls });
    this.images = pulumi.output({ ...rag.images });
    this.registerOutputs({ urls: this.urls, images: this.images });
  }
}

/** The folder of Ragdock: of the checkout or of the installed package. */
const root = join(import.meta.dirname, "..");

/**
 * A path of Ragdock as a path of the program that uses it. It is relative, so that the state does
 * not depend on the machine.
 */
const located = (path: string): string =>
  isAbsolute(path) ? path : relative(process.cwd(), join(root, path)) || ".";

function systemOf(
  { settings = {}, baseImage }: RagServiceArgs,
  stack: { readonly project: string; readonly stack: string },
  secrets: ReadonlySet<string>,
): SystemSpec {
  const system = resolved(settings, { ...stack, secrets, host: {} });
  if (system.target === "swarm")
    throw new pulumi.RunError(
      "settings.target is swarm, and a RagService runs on one Docker engine.\n" +
        "Remove settings.target, or deploy with a checkout of Ragdock.",
    );
  if (system.images === "packages" && !baseImage)
    throw new pulumi.RunError(
      "settings.images is packages, but baseImage is not set. It is the image that all others build on.\n" +
        "Run `make base` in a checkout of Ragdock, and pass the name that it prints as baseImage.",
    );
  return {
    ...system,
    services: system.services.map((service) => ({ ...service, image: locatedImage(service.image) })),
  };
}

/** A message for the author of a program. The settings are in the program. */
const toAuthor = (message: string): string => shownTo(message, { deployer: "program" });

/** A user's mistake ends the program with its message alone, without a stack trace. */
function resolved(settings: Readonly<Record<string, unknown>>, facts: Facts): SystemSpec {
  try {
    return resolveSystem(settings, facts);
  } catch (error) {
    throw error instanceof Failure ? runError(error, toAuthor) : error;
  }
}

function locatedImage<S extends ImageSource | BaseImage>(source: S): S {
  if (source.from === "catalogue") return { ...source, image: locatedCatalogue(source.image) };
  if (source.from !== "build") return source;
  const { context, dockerfile, bases = [] } = source;
  return {
    ...source,
    context: located(context),
    dockerfile: located(dockerfile),
    bases: bases.map((base) => locatedImage(base)),
  };
}

function locatedCatalogue(image: CatalogueImage): CatalogueImage {
  const { wrapped, standIn } = image;
  return {
    ...image,
    ...(wrapped ? { wrapped: { ...wrapped, dockerfile: located(wrapped.dockerfile) } } : {}),
    standIn:
      "unavailable" in standIn
        ? standIn
        : {
            ...standIn,
            folder: located(standIn.folder),
            ...(standIn.base ? { base: locatedCatalogue(standIn.base) } : {}),
          },
  };
}
