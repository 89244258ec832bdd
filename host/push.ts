/**
 * Pushes images with the docker CLI, as host/pull.ts pulls them: it uses the user's login, and no
 * credential gets into the state.
 */
import { Failure } from "../config/spec/failure.ts";
import { registryOf, splitReference } from "../config/spec/image.ts";
import { docker } from "./docker.ts";

/**
 * Returns a function that pushes an image to the registry in its reference, and returns the reference
 * with the digest there. It pushes no image twice.
 * @param make whether it may push. A preview returns the digest of the last push, or none
 */
export function imagePusher({
  make,
  say,
}: {
  readonly make: boolean;
  readonly say: (line: string) => void;
}): (reference: string, id: string) => Promise<string> {
  return async (reference, id) => {
    const pushed = await digestOf(reference, id);
    if (pushed !== undefined || !make) return pushed ?? reference;
    say(`pushing ${reference}`);
    await docker("push", "-q", reference).catch((error: { readonly stderr?: string }) => {
      throw new Failure(
        `The image ${reference} could not be pushed: ${error.stderr?.trim() ?? error}`,
        `Log in with \`docker login ${registryOf(reference)}\`, and check ragdock:registry.`,
      );
    });
    const digest = await digestOf(reference, id);
    if (digest === undefined) throw new Error(`docker push gave no digest for ${reference}`);
    return digest;
  };
}

/** The reference with the digest that Docker knows from a push of the image to this repository. */
async function digestOf(reference: string, id: string): Promise<string | undefined> {
  const format = "{{json .RepoDigests}}";
  const digests = JSON.parse(await docker("image", "inspect", "--format", format, id)) as string[] | null;
  const { host = "", path } = splitReference(reference);
  const repository = `${host}/${path.replace(/:[^:/]*$/, "")}`;
  const digest = digests?.find((one) => one.startsWith(`${repository}@`))?.split("@")[1];
  return digest && `${reference}@${digest}`;
}
