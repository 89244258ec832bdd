/**
 * Attacks the host names of an ingress that serve one path each. Small servers stand in for API and
 * UI. tests/systems/front-door.test.ts signs in under such a name.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { domain, namesAt, over2 } from "../support/tls.ts";
import { TlsFront } from "../support/tls-front.ts";

const api = "api.rag.example.org";
const alias = "rag2.example.org";
const settings = { tls: "internal", domain, hosts: [domain], names: { [api]: "/api/", [alias]: "/" } };

const apiPort = 8000;
const uiPort = 8501;

const front = new TlsFront("names");
let host = "";

beforeAll(async () => {
  await front.open();
  await front.startUpstreams();
  await front.startOf("gateway");
  const volume = await front.newVolume();
  await front.startCertificates(settings, volume);
  host = await front.startIngress(settings, volume, "named");
});

afterAll(() => front.close());

/** Sends a request under a name. Returns the status, and the path and the port of who answered. */
async function ask(name: string, path: string, { method = "GET", headers = {} } = {}) {
  const answer = await over2(host, path, { method, headers: { ":authority": name, ...headers } });
  const told = answer.headers["content-type"] === undefined ? JSON.parse(answer.body) : {};
  return { status: answer.status, path: told.path as string, port: told.port as number };
}

describe("a name with a path", () => {
  it.each([
    ["/", "/api/"],
    ["/documents", "/api/documents"],
    ["/documents/1%2F2?q=a%20b&q=/api/", "/api/documents/1%2F2?q=a%20b&q=/api/"],
    ["/api/documents", "/api/documents"],
    ["/api/api/", "/api/api/"],
    ["/apiary", "/api/apiary"],
    ["/_stcore/health", "/api/_stcore/health"],
    ["/.ragdock/sign-in", "/api/.ragdock/sign-in"],
  ])("adds the path in front of %s once", async (path, expected) =>
    expect(await ask(api, path)).toEqual({ status: 200, path: expected, port: apiPort }),
  );

  it("does not change a request for the path itself, which the gateway redirects", async () => {
    const answer = await over2(host, "/api", { headers: { ":authority": api } });
    expect([answer.status, answer.headers.location]).toEqual([301, "/api/"]);
  });

  it.each([
    "//",
    "//documents",
    "/x/../documents",
    "/x/%2e%2e/documents",
    "/api/../documents",
    "/api/%2e%2e/documents",
    "/api/..%2fdocuments",
    "/api%2f../documents",
    "/api%0a",
    "/api%0a/documents",
    "/api/%252e%252e/documents",
    "/.ragdock/../documents",
    "/.ragdock/%2e%2e/documents",
    "/.ragdock/sign-in/../../documents",
    "/.ragdock/sign-in%0a",
    "/./api/../documents",
    "/documents#/../..",
    "/../documents",
    "/%2e%2e/documents",
    "/x/..%2f..%2fdocuments",
    "/.ragdock/gateway",
    "/.ragdock/problems/400",
  ])("reaches nothing else: %s", async (path) => {
    const { status, port } = await ask(api, path);
    if (status < 400) expect([status, port]).toEqual([200, apiPort]);
    else expect(status).toBeLessThan(500);
  });

  it("is not case-sensitive, and may end with a dot or a port", async () => {
    for (const name of ["API.rag.example.org", `${api}:443`, `${api}.`, "Api.Rag.example.org.:8080"])
      expect(await ask(name, "/_stcore/health"), name).toMatchObject({ status: 200, port: apiPort });
  });

  it("refuses requests of pages of other names", async () => {
    const post = (origin: string) => ask(api, "/query", { method: "POST", headers: { origin } });
    expect(await post(`https://${api}`)).toMatchObject({ status: 200, path: "/api/query" });
    expect((await post(`https://${domain}`)).status).toBe(403);
    expect((await post("https://evil.example")).status).toBe(403);
  });
});

describe("all other names", () => {
  it.each([domain, alias, "localhost"])("%s serves all paths", async (name) => {
    expect(await ask(name, "/documents")).toEqual({ status: 200, path: "/documents", port: uiPort });
    expect(await ask(name, "/api/documents")).toMatchObject({ status: 200, port: apiPort });
  });

  it.each(["evil.example", `x.${api}`, `${api}.evil.example`, "api-rag.example.org"])(
    "%s gets 421",
    async (name) => expect((await ask(name, "/documents")).status).toBe(421),
  );
});

it("has all names in one certificate", async () => {
  const names = await namesAt(host);
  for (const name of [domain, api, alias, "localhost"]) expect(names).toContain(`DNS:${name}`);
});
