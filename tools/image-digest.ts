import { splitReference } from "../config/spec/image.ts";

const manifests = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** The parts of `registry/repository:tag`. A name without a registry belongs to Docker Hub. */
export function partsOf(reference: string): { registry: string; repository: string; tag: string } {
  const { host, path } = splitReference(reference);
  const [, name = "", tag = "latest"] = /^(.+?)(?::([\w][\w.-]*))?$/.exec(path) ?? [];
  if (host !== undefined) return { registry: host, repository: name, tag };
  return { registry: "registry-1.docker.io", repository: name.includes("/") ? name : `library/${name}`, tag };
}

/**
 * Asks a registry for the digest of a tag, for all platforms together. It works without Docker and
 * without an account.
 * @throws the registry's answer
 */
export async function digestOf(reference: string): Promise<string> {
  const { registry, repository, tag } = partsOf(reference);
  // As in Docker, a registry on this machine needs no TLS.
  const scheme = /^(localhost|127\.)/.test(registry) ? "http" : "https";
  const url = `${scheme}://${registry}/v2/${repository}/manifests/${tag}`;
  const head = (authorization?: string): Promise<Response> =>
    fetch(url, {
      method: "HEAD",
      headers: { accept: manifests, ...(authorization ? { authorization } : {}) },
    });
  let response = await head();
  const challenge = response.headers.get("www-authenticate");
  if (response.status === 401 && challenge) response = await head(`Bearer ${await token(challenge)}`);
  const digest = response.headers.get("docker-content-digest");
  if (!response.ok || !digest) throw new Error(`${url} was answered with ${response.status}`);
  return digest;
}

/** Gets an anonymous token from the server that a challenge names. */
async function token(challenge: string): Promise<string> {
  const fields = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  );
  const { realm = "", service = "", scope = "" } = fields;
  const response = await fetch(`${realm}?${new URLSearchParams({ service, scope })}`);
  const answer = (await response.json()) as { token?: string; access_token?: string };
  return answer.token ?? answer.access_token ?? "";
}
