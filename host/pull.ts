/**
 * Pulls images with the docker CLI. The Docker provider would pull them without the user's login:
 * it reads no credential of `docker login` unless `docker:registryAuth` names the registry, and it
 * knows neither identity tokens nor a credential helper for Docker Hub
 * (kreuzwerker/terraform-provider-docker, provider.go). The provider then finds the images in
 * Docker. No credential gets into the state. tests/slow/registry.test.ts needs this.
 */
import { Failure } from "../config/spec/failure.ts";
import { type RequiredImage, registryOf } from "../config/spec/image.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { docker } from "./docker.ts";
import { pullAdvice } from "./pull-advice.ts";

interface PullOptions {
  /** The registries in `docker:registryAuth`, from which the Docker provider itself pulls. */
  readonly except: readonly string[];
  readonly say: (line: string) => void;
  /** The setting of the stack, for the advice. */
  readonly images?: SystemSpec["images"];
}

/** The number of images that are pulled at the same time. sshd allows ten sessions per login. */
const parallel = 3;

/**
 * Pulls the images that Docker does not have. If an image is built already, its base image is only
 * needed after a refresh, because the provider then pulls a base image that is gone. So the run
 * continues if such a base image cannot be pulled.
 * @throws Failure that names every image that could not be pulled, the reason and the fix
 */
export async function pullImages(
  images: readonly RequiredImage[],
  { except, say, images: source }: PullOptions,
): Promise<void> {
  const all = images.flatMap(({ reference, pulls }) => [reference, ...pulls]);
  const missing = await absent(all);
  const required = new Set(images.flatMap(({ reference, pulls }) => (missing.has(reference) ? pulls : [])));
  const pulled = new Set(images.flatMap(({ pulls }) => pulls));
  const ours = [...pulled].filter((name) => missing.has(name) && !except.includes(registryOf(name)));
  const failed = new Map<string, string>();
  const queue = ours.values();
  const work = async (): Promise<void> => {
    for (const reference of queue) {
      say(`pulling ${reference}`);
      await docker("pull", "-q", reference).catch((error: Error) => {
        if (required.has(reference)) failed.set(reference, reasonOf(error));
        else say(`${reference} could not be pulled. No build needs it now.`);
      });
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  if (failed.size === 0) return;
  const lines = [...failed].map(([reference, reason]) => `  ${reference}: ${reason}`);
  throw new Failure(
    `Images could not be pulled. Nothing was changed:\n${lines.join("\n")}`,
    [...new Set([...failed].map(([reference, reason]) => pullAdvice(reference, reason, source)))].join("\n"),
  );
}

/** The references that Docker does not have. */
async function absent(references: readonly string[]): Promise<Set<string>> {
  const all = [...new Set(references)];
  const isThere = (...names: string[]): Promise<boolean> =>
    docker("image", "inspect", "--format", "{{.Id}}", ...names).then(
      () => true,
      () => false,
    );
  // In most runs no image is missing, so one command is enough.
  if (all.length === 0 || (await isThere(...all))) return new Set();
  const found = await Promise.all(all.map((name) => isThere(name)));
  return new Set(all.filter((_, index) => !found[index]));
}

/** The reason in the output of the docker CLI. */
function reasonOf(error: Error): string {
  const { stderr } = error as { readonly stderr?: string };
  const text = stderr?.trim() || error.message;
  return text.replace(/^Error response from daemon: /, "").replaceAll("\n", " ");
}
