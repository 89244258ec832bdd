import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type ComposeBuild, type ComposeFile, composeConfigs, composeFile } from "../../cli/compose.ts";
import { resolveSystem } from "../../config/resolve.ts";
import { type ImageSource, imageName } from "../../config/spec/image.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { docker, serviceOf } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import { type Changes, type Checkout, changed, full, stack } from "./checkout.ts";
import { ComposeProject } from "./compose-tool.ts";
import type { ImageSize, Memory } from "./results.ts";

/** Returns the system of the bench's stack, with changed settings. */
export function benchSystem(images: Checkout["images"], changes: Changes = {}): SystemSpec {
  return resolveSystem(changed(full, images, changes), { project, stack, secrets: new Set(), host: {} });
}

/**
 * Creates the same system for Compose. It uses the images that Ragdock built. Compose builds the
 * application and the UI.
 */
export async function composeTwin(checkout: Checkout, binary: string): Promise<ComposeProject> {
  const system = benchSystem(checkout.images);
  const { file, configs } = await composeFiles(checkout, system);
  return new ComposeProject(binary, file, configs);
}

/** The passwords of the Compose project, which stay the same in all its files. */
const passwords = new Map<string, string>();
/**
 * The images of the Compose project, recorded while Ragdock's stack is up: a stopped stack has
 * none.
 */
let images: ReadonlyMap<string, { readonly tag: string }> | undefined;

/** Returns the Compose file and the config files of a system. */
export async function composeFiles(
  checkout: Checkout,
  system: SystemSpec,
): Promise<{ file: ComposeFile; configs: Record<string, string> }> {
  images ??= await checkout.builtImages();
  const built = images;
  const tagOf = (name: string): string => built.get(name)?.tag ?? name;
  const build = (source: ImageSource): ComposeBuild | undefined =>
    source.from === "build"
      ? {
          context: join(checkout.project, source.context),
          dockerfile: join(checkout.project, source.dockerfile),
          args: Object.fromEntries(
            (source.bases ?? []).map((base) => [
              `${imageName(base).toUpperCase().replaceAll("-", "_")}_IMAGE`,
              tagOf(imageName(base)),
            ]),
          ),
          ...(source.target ? { target: source.target } : {}),
        }
      : undefined;
  const secrets = Object.fromEntries(
    Object.entries(system.secrets).map(([name, source]) => {
      if (source.from === "known") return [name, source.value];
      const generation = JSON.stringify([name, source]);
      const value = passwords.get(generation) ?? randomBytes(16).toString("hex");
      passwords.set(generation, value);
      return [name, value];
    }),
  );
  const file = composeFile(system, {
    project: `${project}-${stack}-compose`,
    image: (source) => ({
      name: source.from === "build" ? `ragdock-bench-${source.name}:compose` : tagOf(imageName(source)),
      local: system.images === "packages",
    }),
    build,
    hostPath: (path) => join(checkout.project, path),
  });
  return { file, configs: composeConfigs(system, secrets) };
}

/** Returns the current memory of each container of the stack, the largest first. */
export async function memoryOf(checkout: Checkout): Promise<Memory[]> {
  const running = (await checkout.containers()).filter((c) => c.State.Status === "running");
  const names = new Map(running.map((c) => [c.Id.slice(0, 12), serviceOf(c)]));
  const text = await docker("stats", "--no-stream", "--format", "{{.ID}} {{.MemUsage}}", ...names.keys());
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [id = "", usage = ""] = line.split(" ");
      return { service: names.get(id) ?? id, mebibytes: mebibytesIn(usage) };
    })
    .sort((a, b) => b.mebibytes - a.mebibytes);
}

const unit: Readonly<Record<string, number>> = { B: 1 / 2 ** 20, KiB: 1 / 1024, MiB: 1, GiB: 1024 };

function mebibytesIn(text: string): number {
  const [, amount = "NaN", suffix = ""] = /^([\d.]+)([A-Za-z]+)$/.exec(text) ?? [];
  return Number(amount) * (unit[suffix] ?? Number.NaN);
}

/** Returns the sizes of the stack's images, the largest first. */
export async function sizesOf(checkout: Checkout): Promise<ImageSize[]> {
  const built = [...(await checkout.builtImages())];
  const text = await docker("image", "inspect", "--format", "{{.Size}}", ...built.map(([, { id }]) => id));
  const sizes = text.split("\n").filter(Boolean).map(Number);
  return built
    .map(([image], index) => ({ image, megabytes: (sizes[index] ?? Number.NaN) / 1e6 }))
    .sort((a, b) => b.megabytes - a.megabytes);
}
