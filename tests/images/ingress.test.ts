/**
 * Attacks the ingress and the gateway of `full`. A small nginx stands in for API and UI, and answers
 * with the headers that it got. It does not prove what a browser does: tests/e2e/full/browser.test.ts
 * uses the pages.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import type { TestContainer } from "../support/docker.ts";
import { type Answer, Front, raw, type Sent, sendTo } from "../support/front.ts";

const front = new Front("ingress");

let host = "";
let gateway: TestContainer;
let ingress: TestContainer;

beforeAll(async () => {
  await front.open();
  await front.startEchoes();
  gateway = await front.startOf("gateway");
  ingress = await front.startOf("ingress");
  host = await front.addressOf(ingress);
});

afterAll(() => front.close());

const send = (path: string, sent: Sent = {}, to = host): Promise<Answer> => sendTo(to, path, sent);

/** Returns the lines of a container's access log. */
const logOf = async (container: TestContainer): Promise<Record<string, unknown>[]> =>
  (await container.logs())
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

const expectProblem = (answer: Answer, status: number): void => {
  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe("application/problem+json");
  expect(JSON.parse(answer.body)).toMatchObject({ status });
};

describe("a page of another site", () => {
  const webSocket = { Connection: "Upgrade", Upgrade: "websocket" };
  const own = "rag.example.org";
  const cases: readonly [what: string, headers: Record<string, string>, status: number][] = [
    ["a foreign Origin", { Origin: "http://evil.example" }, 403],
    ["the Origin null, of a sandboxed frame", { Origin: "null" }, 403],
    [
      "an Origin that only starts with the own host",
      { Host: own, Origin: `https://${own}.evil.example` },
      403,
    ],
    ["an Origin that only ends with the own host", { Host: own, Origin: `https://evil-${own}` }, 403],
    ["another port of the own host", { Host: `${own}:8080`, Origin: `http://${own}:3000` }, 403],
    [
      "a page without TLS of the own host, which has TLS",
      { Host: own, "X-Forwarded-Proto": "https", Origin: `http://${own}` },
      403,
    ],
    ["no Origin, but Sec-Fetch-Site", { "Sec-Fetch-Site": "cross-site" }, 403],
    ["the own Origin", { Host: `${own}:8080`, Origin: `http://${own}:8080` }, 200],
    ["the own Origin behind a TLS proxy", { Host: own, Origin: `https://${own}` }, 200],
    ["the host that a proxy was asked for", { "X-Forwarded-Host": own, Origin: `https://${own}` }, 200],
    ["a changed Host", { Origin: `https://${own}`, "Sec-Fetch-Site": "same-origin" }, 200],
    ["no Origin, as programs send", {}, 200],
  ];
  it.each(cases)("%s", async (_, headers, status) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"])
      expect((await send("/api/documents", { method, headers })).status, method).toBe(status);
    const socket = await send("/_stcore/stream", { headers: { ...webSocket, ...headers } });
    expect(socket.status, "WebSocket").toBe(status);
    expect((await send("/api/documents", { headers })).status, "GET").toBe(200);
    expect((await send("/api/documents", { method: "OPTIONS", headers })).status, "OPTIONS").toBe(200);
  });

  it("gets problem details", async () =>
    expectProblem(
      await send("/api/query", { method: "POST", headers: { Origin: "http://evil.example" } }),
      403,
    ));
});

describe("every answer", () => {
  it.each([
    ["a page", "/", {}, 200],
    ["a refused request", "/api/query", { method: "POST", headers: { Origin: "null" } }, 403],
    ["a path that is hidden", "/_stcore/metrics", {}, 404],
    ["a request that is too large", "/api/query", { method: "POST", body: Buffer.alloc(70_000) }, 413],
  ])("has the security headers: %s", async (_, path, sent, status) => {
    const answer = await send(path, sent);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "x-frame-options": "SAMEORIGIN",
      "permissions-policy": "camera=(), microphone=(), geolocation=()",
    });
    const policy = String(answer.headers["content-security-policy"]).split("; ");
    expect(policy).toEqual(expect.arrayContaining(["default-src 'self'", "img-src 'self' data: blob:"]));
    expect(policy).toEqual(expect.arrayContaining(["object-src 'none'", "frame-ancestors 'self'"]));
  });

  it("keeps the Content-Security-Policy that the application sends", async () =>
    expect((await send("/api/own")).headers["content-security-policy"]).toBe("default-src https:"));
});

describe("the answers of nginx itself", () => {
  it.each([
    ["405 to TRACE", "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405],
    ["400 to a wrong header", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n", 400],
    ["400 to a request without a host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["400 to a header above 8 KiB", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(9000)}\r\n\r\n`, 400],
    ["400 to a host with a blank", "POST / HTTP/1.1\r\nHost: a b\r\nOrigin: null\r\n\r\n", 400],
    ["414 to an address above 8 KiB", `GET /${"x".repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
    ["501 to an unknown coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501],
  ])("are problem details with the security headers: %s", async (_, text, status) => {
    const answer = await raw(host, text);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain("Content-Type: application/problem+json");
    expect(answer).toContain(`"status":${status}`);
    expect(answer).toContain("X-Content-Type-Options: nosniff");
    expect(answer.includes("Allow: GET, HEAD,")).toBe(status === 405);
  });

  it("are 502 if the application accepts a request and then closes the connection", async () => {
    const answer = await send("/api/broken");
    expectProblem(answer, 502);
    expect(answer.headers).not.toHaveProperty("retry-after");
  });

  it("are 404 for Streamlit's metrics, and not for the file that its pages need", async () => {
    for (const path of ["/_stcore/metrics", "/_stcore/metrics/", "//_stcore/./metrics"])
      expectProblem(await send(path), 404);
    expect((await send("/_stcore/host-config")).status).toBe(200);
  });

  it("are 421 for a Host that is no host name, to which an application could redirect", async () => {
    for (const Host of ["127.0.0.1:8080@evil.example", "evil.example#x", "evil.example\\x"])
      expectProblem(await send("/api/documents/", { headers: { Host } }), 421);
    for (const Host of ["rag_1.example.org:8080", "[::1]:8080", "xn--bcher-kva.example"])
      expect((await send("/api/documents/", { headers: { Host } })).status).toBe(200);
  });

  it("redirect without naming a host and a port, because a proxy in front may have changed them", async () => {
    const answer = await send("/api", { headers: { Host: "evil.example" } });
    expect([answer.status, answer.headers.location]).toEqual([301, "/api/"]);
  });
});

describe("large requests", () => {
  const chunked = { "Transfer-Encoding": "chunked" };

  it.each(["/api/query", "/api/nothing", "/", "/_stcore/stream"])(
    "get 413 above 64 KiB where no files are sent: %s",
    async (path) => {
      expect((await send(path, { method: "POST", body: Buffer.alloc(60_000) })).status).toBe(200);
      const large = { method: "POST", body: Buffer.alloc(70_000) };
      expectProblem(await send(path, large), 413);
      expectProblem(await send(path, { ...large, headers: chunked }), 413);
      expect((await send(path, large)).body).toContain("at most 64 KiB");
    },
  );

  it.each([
    ["POST", "/api/documents"],
    ["PUT", "/_stcore/upload_file/session/file"],
  ])("are accepted up to 26 MiB where files are sent: %s %s", async (method, path) => {
    expect((await send(path, { method, body: Buffer.alloc(2 ** 20) })).status).toBe(200);
    const header = `Host: x\r\nConnection: close\r\nContent-Length: ${27 * 2 ** 20}`;
    const answer = await raw(host, `${method} ${path} HTTP/1.1\r\n${header}\r\n\r\n`);
    expect(answer).toContain("at most 26 MiB");
  });
});

describe("the client's address", () => {
  const forged = {
    "X-Forwarded-For": "198.51.100.7",
    "X-Real-IP": "198.51.100.7",
    Forwarded: "for=198.51.100.7",
  };

  it("is that of the connection, whatever the client's headers say", async () => {
    const { body } = await send("/", { headers: forged });
    const { for: forwarded, real, forwarded: standard } = JSON.parse(body);
    expect(forwarded).toBe(real);
    expect(`${forwarded}${standard}`).not.toContain("198.51.100.7");
    expect((await logOf(gateway)).at(-1)).toMatchObject({ path: "/", client: real });
  });

  it("is in the log of the ingress for a request that it refuses", async () => {
    await send("/api/refused", { method: "POST", headers: { Origin: "null" } });
    const find = async () => (await logOf(ingress)).find(({ path }) => path === "/api/refused");
    // Docker reads the log a moment after nginx writes it.
    const logged = await eventually(find, 10);
    const lines = await logOf(ingress);
    expect(logged).toMatchObject({ status: 403, client: expect.stringMatching(/^[\d.]+$/) });
    expect(lines.filter(({ status }) => status === 200)).toEqual([]);
  });
});

describe("with settings", () => {
  const settings = {
    ingress: {
      origins: ["https://portal.example.org"],
      hosts: ["rag.example.org"],
      trustedProxies: ["0.0.0.0/0"],
    },
  };
  let other = "";
  beforeAll(async () => {
    other = await front.addressOf(await front.startOf("ingress", settings, "other"));
  });

  it("takes the client's address from a trusted proxy, and not from the header that the client sent", async () => {
    const headers = { "X-Forwarded-For": "198.51.100.7, 203.0.113.9" };
    const narrow = { ingress: { trustedProxies: ["172.16.0.0/12", "192.168.0.0/16", "10.0.0.0/8"] } };
    const address = await front.addressOf(await front.startOf("ingress", narrow, "narrow"));
    expect(JSON.parse((await send("/", { headers }, address)).body)).toMatchObject({
      for: "203.0.113.9",
      real: "203.0.113.9",
    });
  });

  it("passes requests of the other sites that it names, and lets them show pages", async () => {
    const headers = { Host: "rag.example.org", Origin: "https://portal.example.org" };
    const answer = await send("/api/query", { method: "POST", headers }, other);
    expect(answer.status).toBe(200);
    expect(answer.headers["content-security-policy"]).toContain(
      "frame-ancestors 'self' https://portal.example.org",
    );
    expect(answer.headers["x-frame-options"]).toBeUndefined();
    const foreign = { ...headers, Origin: "https://portal.example.org.evil.example" };
    expect((await send("/api/query", { method: "POST", headers: foreign }, other)).status).toBe(403);
  });

  it("serves the host names that it lists, and IP addresses, which another site cannot use as its name", async () => {
    const status = async (Host: string) => (await send("/", { headers: { Host } }, other)).status;
    for (const name of [
      "rag.example.org",
      "RAG.example.org:8080",
      "localhost:8080",
      "127.0.0.1",
      "[::1]:8080",
    ])
      expect(await status(name), name).toBe(200);
    for (const name of ["evil.example", "rag.example.org.evil.example", "xrag.example.org"])
      expectProblem(await send("/", { headers: { Host: name } }, other), 421);
    expect((await send("/", { headers: { Host: "evil.example" } })).status).toBe(200);
  });
});
