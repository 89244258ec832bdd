/**
 * Sends requests to the ingress of `full` that two programs could read differently. A second
 * request that hides in the body of the first must never reach a service. It does not test other
 * programs in front of the ingress, such as a company proxy.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestContainer } from "../support/docker.ts";
import { Front, raw, standInFor } from "../support/front.ts";

const front = new Front("smuggling");
const backends: TestContainer[] = [];
let host = "";

beforeAll(async () => {
  await front.open();
  const content = standInFor(
    'location / { access_log /dev/stdout; return 200 "$request_uri upgrade:$http_upgrade."; }',
  );
  for (const alias of ["api", "ui"])
    backends.push(await front.start(alias, [{ path: "/etc/nginx/nginx.conf", content }], []));
  await front.startOf("gateway");
  host = await front.addressOf(await front.startOf("ingress"));
});

afterAll(() => front.close());

const hidden = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
const chunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
const post = (headers: readonly string[], body: string, version = "1.1"): string =>
  [`POST /api/query HTTP/${version}`, "Host: x", ...headers, "", body].join("\r\n");
const chunked = "Transfer-Encoding: chunked";
const length = `Content-Length: ${hidden.length}`;

/** Returns the status of each answer. */
const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));

/** Whether the log of a service has this text. */
async function seen(text: string): Promise<boolean> {
  const logs = await Promise.all(backends.map((container) => container.logs()));
  return logs.join("").includes(text);
}

it("a request that is not hidden reaches a service, which returns it", async () => {
  const first = "GET /first HTTP/1.1\r\nHost: x\r\n\r\n";
  const answer = await raw(host, `${first}GET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(statusesOf(answer)).toEqual([200, 200]);
  await expect.poll(() => seen("/second"), { timeout: 10_000 }).toBe(true);
});

describe("is refused, and the connection ends:", () => {
  it.each([
    ["a length and chunks", post([length, chunked], `0\r\n\r\n${hidden}`)],
    ["chunks and a length", post([chunked, "Content-Length: 4"], chunk)],
    ["chunks twice", post([chunked, chunked], chunk)],
    ["chunks and another coding", post([chunked, "Transfer-Encoding: identity"], chunk)],
    ["a list of codings", post(["Transfer-Encoding: identity, chunked"], chunk)],
    ["a coding that looks like chunked", post(["Transfer-Encoding: xchunked", length], hidden)],
    ["a coding after a vertical tab", post(["Transfer-Encoding: \vchunked", length], hidden)],
    ["a space before the colon", post(["Transfer-Encoding : chunked", length], `0\r\n\r\n${hidden}`)],
    ["a tab before the colon", post(["Transfer-Encoding\t: chunked", length], `0\r\n\r\n${hidden}`)],
    ["a folded header", post(["X: y", " Transfer-Encoding: chunked", length], `0\r\n\r\n${hidden}`)],
    ["a folded value", post(["Transfer-Encoding:", " chunked", length], `0\r\n\r\n${hidden}`)],
    ["a carriage return in a value", post([`X: y\r${chunked}`, length], `0\r\n\r\n${hidden}`)],
    ["a line feed that ends a header", post([`X: y\n${chunked}`, length], `0\r\n\r\n${hidden}`)],
    ["a NUL", post(["X: a\0b", length], hidden)],
    ["two lengths", post(["Content-Length: 0", length], hidden)],
    ["the same length twice", post([length, length], hidden)],
    ["a list of lengths", post([`Content-Length: 0, ${hidden.length}`], hidden)],
    ["a length with a sign", post(["Content-Length: +0"], hidden)],
    ["a negative length", post(["Content-Length: -1"], hidden)],
    ["a hexadecimal length", post(["Content-Length: 0x0"], hidden)],
    ["an empty length", post(["Content-Length: "], hidden)],
    ["chunks in HTTP/1.0", post([chunked], chunk, "1.0")],
    ["a chunk above all numbers", post([chunked], `ffffffffffffffff1\r\n${hidden}`)],
    ["a negative chunk", post([chunked], `-1\r\n${hidden}`)],
    ["a chunk without a size", post([chunked], `\r\n${hidden}`)],
    ["the preface of HTTP/2", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`],
  ])("%s", async (_, text) => {
    const statuses = statusesOf(await raw(host, text));
    expect(statuses).toHaveLength(1);
    expect([400, 405, 501, 505]).toContain(statuses[0]);
  });
});

describe("is one request with one answer:", () => {
  const close = "Connection: close";
  it.each([
    ["a request in the body", post([close, length], hidden)],
    ["a request in a chunk", post([close, chunked], chunk)],
    ["a request in the body of a GET", post([close, length], hidden).replace("POST", "GET")],
    ["a request in the extension of a chunk", post([close, chunked], `1;x=GET /smuggled\r\na\r\n0\r\n\r\n`)],
    ["a request in the trailers", post([close, chunked], `0\r\nX: GET /smuggled\r\n\r\n`)],
    ["a header with an underscore", post([close, length, "Transfer_Encoding: chunked"], hidden)],
    [
      "an upgrade to HTTP/2",
      post(
        ["Connection: Upgrade, HTTP2-Settings, close", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk", length],
        hidden,
      ),
    ],
  ])("%s", async (_, text) => {
    expect(statusesOf(await raw(host, text))).toEqual([200]);
  });
});

it("a WebSocket that the service does not accept opens no tunnel past the checks", async () => {
  const upgrade = ["Host: x", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 1"];
  const next = "GET /_stcore/metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const answer = await raw(host, ["GET /_stcore/stream HTTP/1.1", ...upgrade, "", next].join("\r\n"));
  expect(statusesOf(answer)).toEqual([200, 404]);
});

it.each([
  ["h2c", ""],
  ["h2c, websocket", ""],
  ["TLS/1.0", ""],
  ["WebSocket", "websocket"],
])("only an upgrade to a WebSocket reaches a service: %s", async (asked, passed) => {
  const headers = ["Host: x", `Connection: Upgrade, HTTP2-Settings, close`, `Upgrade: ${asked}`];
  const answer = await raw(host, ["GET /api/documents HTTP/1.1", ...headers, "", ""].join("\r\n"));
  expect(answer).toContain(`/api/documents upgrade:${passed}.`);
});

it("no service got a hidden request", async () => {
  // Docker reads a log a moment after nginx writes it, in order.
  for (const path of ["/last", "/api/last"]) {
    await raw(host, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await expect.poll(() => seen(`GET ${path} `), { timeout: 10_000 }).toBe(true);
  }
  for (const path of ["smuggled", "/_stcore/metrics"]) expect(await seen(path), path).toBe(false);
});
