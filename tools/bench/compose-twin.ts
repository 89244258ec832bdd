import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type ComposeBuild, composeConfigs, composeFile } from "../../cli/compose.ts";
import { baseArguments } from "../../components/image-plan.ts";
import { resolveSystem } from "../../config/resolve.ts";
import { type ImageSource, imageName } from "../../config/spec/image.ts";
import { project } from "../../host/paths.ts";
import { type Checkout, changed, full, type Settings, stack } from "./checkout.ts";
import { ComposeProject } from "./compose-tool.ts";

/** The bench's system in Compose, with Ragdock's images. Compose builds application and UI. */
export class ComposeTwin extends ComposeProject {
  /** Whether its volumes and images exist. */
  isWarm = false;
  private readonly folderOfSources: string;
  private readonly images: ReadonlyMap<string, { readonly tag: string }>;
  /** The passwords, which stay the same for each generation. */
  private readonly passwords = new Map<string, string>();

  private constructor(binary: string, folderOfSources: string, images: ComposeTwin["images"]) {
    super(binary);
    this.folderOfSources = folderOfSources;
    this.images = images;
    this.configure({});
  }

  /** @param checkout its stack is up: a stopped stack has no images */
  static async of(checkout: Checkout, binary: string): Promise<ComposeTwin> {
    return new ComposeTwin(binary, checkout.project, await checkout.builtImages());
  }

  /** Writes the project's files for a system with `changes`. */
  configure(changes: Settings): void {
    const system = resolveSystem(changed(full, changes), { project, stack, secrets: new Set(), host: {} });
    const file = composeFile(system, {
      project: `${project}-${stack}-compose`,
      image: (source) => ({
        name: source.from === "build" ? `ragdock-bench-${source.name}:compose` : this.tagOf(source),
        local: system.images === "packages",
      }),
      build: (source) => this.build(source),
      hostPath: (path) => join(this.folderOfSources, path),
    });
    const secrets = Object.entries(system.secrets).map(([name, source]) => {
      if (source.from === "known") return [name, source.value];
      const generation = JSON.stringify([name, source]);
      const value = this.passwords.get(generation) ?? randomBytes(16).toString("hex");
      this.passwords.set(generation, value);
      return [name, value];
    });
    this.write(file, composeConfigs(system, Object.fromEntries(secrets)));
  }

  private tagOf(source: ImageSource): string {
    return this.images.get(imageName(source))?.tag ?? imageName(source);
  }

  private build(source: ImageSource): ComposeBuild | undefined {
    if (source.from !== "build") return undefined;
    return {
      context: join(this.folderOfSources, source.context),
      dockerfile: join(this.folderOfSources, source.dockerfile),
      args: baseArguments(source.bases, (base) => this.tagOf(base)),
      ...(source.target ? { target: source.target } : {}),
    };
  }
}
