/**
 * Pushes images with the docker CLI, as host/pull.ts pulls them: it uses the user's login, which does
 * not get into the state. Only the registry that the stack runs has a generated login.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { Failure } from "../config/spec/failure.ts";
import { registryOf, splitReference } from "../config/spec/image.ts";
import { type PushImage, type RegistryLogin, registryName } from "../config/spec/own-registry.ts";
import { docker, dockerEnvironment, stackFilters } from "./docker.ts";
import { becomesTrue } from "./wait.ts";

const run = promisify(execFile);

/**
 * Returns a function that pushes an image to the registry in its reference, and returns the reference
 * with the digest there. It pushes no image twice to a registry of the user, if Docker knows which
 * images were pushed.
 * @param make whether it may push. A preview returns the digest of the last push, or none
 */
export function imagePusher({
  stack,
  make,
  say,
}: {
  readonly stack: string;
  readonly make: boolean;
  readonly say: (line: string) => void;
}): PushImage {
  let reached: Promise<void> | undefined;
  return async (reference, id, login) => {
    const known = await digestOf(reference, id);
    // The image of a service that this run does not deploy is still the earlier one.
    if (!make || (await idOf(reference)) !== id) return known ?? reference;
    // The registry that the stack runs may be new: the node with its images can be lost.
    if (known !== undefined && !login && !(await givesEachDigest())) return known;
    if (known === undefined) say(`pushing ${reference}`);
    await (login ? pushWithin(reference, login) : docker("push", "-q", reference)).catch(
      (error: { readonly stderr?: string }) => {
        throw new Failure(
          `The image ${reference} could not be pushed: ${error.stderr?.trim() ?? error}`,
          login
            ? `See why the registry of the stack does not answer: make logs SERVICE=registry STACK=${stack}; make logs SERVICE=registry-images STACK=${stack}`
            : `Log in with \`docker login ${registryOf(reference)}\`, and check ragdock:registry.`,
        );
      },
    );
    reached ??= login && waitForNodes(stack, say);
    await reached;
    const digest = await digestOf(reference, id);
    if (digest === undefined) throw new Error(`docker push gave no digest for ${reference}`);
    return digest;
  };
}

/**
 * Whether Docker gives a digest to each image that it has, also to one that was never pushed. Its
 * containerd store does (moby, daemon/containerd/image_inspect.go).
 */
const givesEachDigest = async (): Promise<boolean> =>
  (await docker("info", "--format", "{{json .DriverStatus}}")).includes("io.containerd.snapshotter");

/** Milliseconds in which the registry answers after its start. The provider cannot wait for it. */
const longest = 120_000;

/** Pushes to the registry that the stack runs. The login is in a folder that exists only meanwhile. */
async function pushWithin(reference: string, { address, user, password }: RegistryLogin): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-login-"));
  try {
    const auth = Buffer.from(`${user}:${password}`).toString("base64");
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [address]: { auth } } }), {
      mode: 0o600,
    });
    const env = { ...dockerEnvironment(), DOCKER_CONFIG: folder };
    const end = performance.now() + longest;
    for (;;) {
      try {
        await run("docker", ["push", "-q", reference], { env });
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
        await setTimeout(1000);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until each active node can pull from the registry of the stack. */
async function waitForNodes(stack: string, say: (line: string) => void): Promise<void> {
  const filters = stackFilters(stack, { "ragdock.service": registryName });
  let replicas = "";
  const isOnAll = async (): Promise<boolean> => {
    replicas = (await docker("service", "ls", "--format", "{{.Replicas}}", ...filters)).trim();
    const [running, wanted] = replicas.split("/");
    return running === wanted;
  };
  if (await becomesTrue(isOnAll, longest)) return;
  say(`the registry of the stack runs on ${replicas} nodes: make status STACK=${stack} shows where not`);
}

/** The id of an image. Undefined if Docker does not have it. */
const idOf = async (reference: string): Promise<string | undefined> =>
  (await docker("image", "inspect", "--format", "{{.Id}}", reference).catch(() => "")).trim() || undefined;

/** The reference with the digest that Docker knows from a push of the image to this repository. */
async function digestOf(reference: string, id: string): Promise<string | undefined> {
  const format = "{{json .RepoDigests}}";
  const digests = JSON.parse(await docker("image", "inspect", "--format", format, id)) as string[] | null;
  const { host = "", path } = splitReference(reference);
  const repository = `${host}/${path.replace(/:[^:/]*$/, "")}`;
  const digest = digests?.find((one) => one.startsWith(`${repository}@`))?.split("@")[1];
  return digest && `${reference}@${digest}`;
}
