import { registryOf } from "../config/spec/image.ts";
import { setCommand } from "../config/spec/message.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { project } from "./paths.ts";

type Images = SystemSpec["images"];

/** Patterns of Docker's errors, and the fix. The first that matches counts. */
const advice: readonly (readonly [RegExp, (reference: string) => string])[] = [
  [
    /toomanyrequests|rate limit/i,
    (reference) =>
      `${registryOf(reference)} limits pulls without a login. Log in: ${login(reference)}   (or wait, or set a mirror: ragdock:registry)`,
  ],
  [
    /error getting credentials|credential helper/i,
    () =>
      "The docker CLI cannot read its credentials. Correct credsStore and credHelpers in its config.json (DOCKER_CONFIG, by default ~/.docker).",
  ],
  [
    /unauthorized|no basic auth|authentication required|access .*denied|^denied|forbidden/i,
    (reference) =>
      `Log in as the user who deploys: ${login(reference)}\nIf that user is logged in, either the account is not allowed to read the image, or the image does not exist.`,
  ],
  [
    /manifest unknown|not found|name unknown|does not exist/i,
    (reference) =>
      `${registryOf(reference)} does not have ${reference}. Correct the reference (ragdock:pinned, ragdock:app.image, ragdock:apps, ragdock:registry), or push the image: docker push ${reference}`,
  ],
  [
    /no matching manifest|does not match the .*platform/i,
    (reference) => `${reference} has no image for the processor of the Docker host. Choose another tag.`,
  ],
  [
    /HTTP response to HTTPS client/i,
    (reference) =>
      `${registryOf(reference)} has no TLS. Give the registry a certificate, or add it to insecure-registries in /etc/docker/daemon.json of the Docker host.`,
  ],
  [
    /x509|certificate/i,
    (reference) =>
      `The Docker host does not trust the certificate of ${registryOf(reference)}. Put the certificate of its CA into /etc/docker/certs.d/${registryOf(reference)}/ca.crt`,
  ],
  [/no space left/i, () => "The Docker host's disk is full. Free some space: make prune"],
];

/**
 * The fix for an image that could not be pulled.
 * @param reason the error of the docker CLI
 * @param images the setting of the stack
 */
export const pullAdvice = (reference: string, reason: string, images?: Images): string =>
  known(reference, reason) ?? outOfReach(reference, images);

/**
 * The fix for a base image of a Dockerfile that could not be pulled.
 * @param reason the error of the build
 * @param images the setting of the stack
 */
export function baseImageAdvice(reference: string, reason: string, images?: Images): string {
  const found = known(reference, reason);
  if (found !== undefined) return found;
  // With `images: packages`, Docker still pulls the base image if the Dockerfile names it directly.
  const base = `; in the Dockerfile: ARG PYTHON_IMAGE=${reference} and FROM \${PYTHON_IMAGE}`;
  return `${outOfReach(reference, images)}${/^python(?=[:@]|$)/.test(reference) ? base : ""}`;
}

/**
 * The fix for an image that the Docker provider could not pull, because `docker:registryAuth` leaves
 * its registry to the provider. Undefined for another error.
 */
export function providerPullAdvice(error: string, images?: Images): string | undefined {
  const [, reference, reason = ""] = /unable to pull image (\S+): ([\s\S]*)/.exec(error) ?? [];
  return reference && pullAdvice(reference, reason, images);
}

function known(reference: string, reason: string): string | undefined {
  if (new RegExp(`^${project}/[^:]+:[0-9a-f]{12}$`).test(reference))
    return `${reference} was built on a Docker host, and the image is gone. Remove it from ragdock:pinned, so that it is built again.`;
  return advice.find(([pattern]) => pattern.test(reason))?.[1](reference);
}

function outOfReach(reference: string, images?: Images): string {
  const check = `Check that the Docker host can reach ${registryOf(reference)}: check its network, its proxy and ragdock:registry`;
  return images === "packages"
    ? check
    : `${check}. Without any registry: ${setCommand("images", "packages")}`;
}

const login = (reference: string): string => {
  const registry = registryOf(reference);
  return registry === "docker.io" ? "docker login" : `docker login ${registry}`;
};
