/**
 * Sends requests to the host name of an own application, through a real ingress and gateway. Small
 * servers stand in for two applications. tests/images/names.test.ts has more attacks on names.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificatesVolume } from "../../config/services/certificates.ts";
import { open } from "../support/program.ts";
import { domain, over2 } from "../support/tls.ts";
import { TlsFront } from "../support/tls-front.ts";

const own = "admin.rag.example.org";
const settings = {
  environment: "prod",
  ingress: { ...open, tls: "internal", domain, hosts: [domain] },
  apps: {
    ui: { image: "ui:1", port: 8501, route: "/" },
    api: { image: "api:1", port: 8000, route: own, routes: { "/more/": 8501 }, metricsPath: "/metrics" },
  },
};

const front = new TlsFront("app-names");
let host = "";

beforeAll(async () => {
  await front.open();
  await front.startUpstreams();
  await front.startOf("gateway", settings);
  const volume = await front.newVolume();
  await front.startCertificates({ ...settings.ingress, names: { [own]: "/" } }, volume);
  const mount = ["-v", `${volume}:${certificatesVolume.path}:ro`];
  host = await front.addressOf(await front.startOf("ingress", settings, "named", mount));
});

afterAll(() => front.close());

/**
 * Sends a request under a name. Returns the status, and the path and the port of the server that
 * answered.
 */
async function ask(name: string, path: string) {
  const answer = await over2(host, path, { method: "GET", headers: { ":authority": name } });
  const told = answer.headers["content-type"] === undefined ? JSON.parse(answer.body) : {};
  return { status: answer.status, path: told.path as string, port: told.port as number };
}

describe("the host name of an application", () => {
  it.each([
    ["/", "/"],
    ["/documents?q=a%20b", "/documents?q=a%20b"],
    ["/more/", "/more/"],
    ["/a%20b/%25", "/a%20b/%25"],
    ["/x/../documents", "/documents"],
  ])("passes requests for %s to its port, without changing them", async (path, expected) =>
    expect(await ask(own, path)).toEqual({ status: 200, path: expected, port: 8000 }),
  );

  it.each(["/metrics", "/metrics/", "/x/../metrics", "/%6detrics", "//metrics", "/~api/metrics"])(
    "hides its metrics: %s",
    async (path) => expect((await ask(own, path)).status).toBe(404),
  );

  it.each(["/../documents", "/%2e%2e/documents", "/..%2f..%2fdocuments", "/~api/../documents"])(
    "reaches no other application: %s",
    async (path) => {
      const { status, port } = await ask(own, path);
      if (status < 400) expect([status, port]).toEqual([200, 8000]);
      else expect(status).toBeLessThan(500);
    },
  );
});

describe("the domain", () => {
  it("reaches the other application, and more of its ports through more routes", async () => {
    expect(await ask(domain, "/documents")).toEqual({ status: 200, path: "/documents", port: 8501 });
    expect(await ask(domain, "/more/x")).toMatchObject({ status: 200, path: "/more/x", port: 8501 });
    expect((await ask(domain, "/~api/metrics")).status).toBe(404);
  });
});
