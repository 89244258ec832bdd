/** Tests digests against a small fake of a registry. No real registry was contacted. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lockedReference, pulledReferences } from "../../../config/images.ts";
import { digestOf, partsOf } from "../../../tools/image-digest.ts";

let address = "";
const server = createServer((request, response) => {
  if (request.url?.startsWith("/token")) return response.end(JSON.stringify({ token: `for ${request.url}` }));
  const { authorization, accept = "" } = request.headers;
  if (!authorization) {
    const challenge = `Bearer realm="http://${address}/token",service="fake",scope="repository:team/image:pull"`;
    return response.writeHead(401, { "www-authenticate": challenge }).end();
  }
  const known = request.url === "/v2/team/image/manifests/1.2" && accept.includes("image.index");
  const isToken = authorization === "Bearer for /token?service=fake&scope=repository%3Ateam%2Fimage%3Apull";
  return response
    .writeHead(known && isToken ? 200 : 404, known ? { "docker-content-digest": "sha256:abc" } : {})
    .end();
});
beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

it("asks the registry for a tag's digest, with an anonymous token", async () => {
  expect(await digestOf(`${address}/team/image:1.2`)).toBe("sha256:abc");
  await expect(digestOf(`${address}/team/image:9`)).rejects.toThrow(
    "/v2/team/image/manifests/9 was answered with 404",
  );
});

it.each([
  ["redis:8.2", { registry: "registry-1.docker.io", repository: "library/redis", tag: "8.2" }],
  ["prom/prometheus:v3", { registry: "registry-1.docker.io", repository: "prom/prometheus", tag: "v3" }],
  ["quay.io/a/b:1", { registry: "quay.io", repository: "a/b", tag: "1" }],
  ["localhost:5000/a", { registry: "localhost:5000", repository: "a", tag: "latest" }],
])("finds registry, repository and tag of %s", (reference, parts) => {
  expect(partsOf(reference)).toEqual(parts);
});

it("the path in a mirror contains the registry of the image", () => {
  expect(lockedReference("redis:8", "registry.example.org/mirror")).toBe(
    "registry.example.org/mirror/redis:8",
  );
  expect(lockedReference("quay.io/a/b:1", "mirror:5000")).toBe("mirror:5000/a/b:1");
  expect(lockedReference("quay.io/a/b:1", undefined)).toBe("quay.io/a/b:1");
});

it("every image has its own name in a mirror, and an exact version", () => {
  const mirrored = pulledReferences.map((reference) => lockedReference(reference, "m"));
  expect(new Set(mirrored).size).toBe(pulledReferences.length);
  // MinIO's versions are times.
  const exact = /:(v?\d+\.\d+\.\d+|RELEASE\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$)/;
  for (const reference of pulledReferences) expect(reference).toMatch(exact);
});
