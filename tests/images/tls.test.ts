/**
 * Connects to the ingress of `full` with TLS. The program for certificates, the ingress and the
 * gateway are the stack's own, Pebble is the public authority, and a small server stands in for API
 * and UI. It does not prove what Let's Encrypt answers.
 */

import { Agent } from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificatesVolume } from "../../config/services/certificates.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { docker } from "../../host/docker.ts";
import { eventually } from "../../tools/eventually.ts";
import type { TestContainer } from "../support/docker.ts";
import { raw } from "../support/front.ts";
import { domain, frames, handshake, namesAt, over2, post } from "../support/tls.ts";
import { TlsFront } from "../support/tls-front.ts";

const other = "other.example.org";
const acme = { tls: "acme", acmeServer: "https://pebble:14000/dir" } as const;

const front = new TlsFront("tls");
let pebbleCertificate = "";

beforeAll(async () => {
  await front.open();
  await front.startUpstreams();
  await front.startOf("gateway");
  const arg = `BASE_IMAGE=${await ensureBaseImage()}`;
  await docker("build", "-q", "--build-arg", arg, "-t", "ragdock-test/pebble", "tests/images/tls");
  const pebble = await front.run("pebble", "ragdock-test/pebble", []);
  pebbleCertificate = await pebble.exec("cat", "/pebble/cert.pem");
});

afterAll(() => front.close());

/** Waits until new connections get a certificate for a name. */
const presents = (host: string, name: string, seconds: number): Promise<true> =>
  eventually(async () => (await namesAt(host)).includes(name) || undefined, seconds);

/** Sends a request without TLS. */
const plain = (url: string): Promise<Response> => fetch(url, { redirect: "manual" });

describe("an ingress with the authority of the stack", () => {
  let host = "";
  let ca = "";
  let certificates: TestContainer;
  beforeAll(async () => {
    const volume = await front.newVolume();
    const settings = { tls: "internal", domain };
    certificates = await front.startCertificates(settings, volume);
    ca = await certificates.exec("cat", `${certificatesVolume.path}/ca.pem`);
    host = await front.startIngress(settings, volume, "internal");
  });
  afterAll(() => certificates.stop());

  it.each([domain, "localhost", "127.0.0.1"])("is accepted by clients that trust it, as %s", async (name) => {
    const trusting = { ca, rejectUnauthorized: true };
    const asked = name === "127.0.0.1" ? { servername: "", checkServerIdentity: () => undefined } : {};
    const socket = await handshake(host, { ...trusting, servername: name, ...asked });
    expect(socket.authorized).toBe(true);
    socket.destroy();
    await expect(handshake(host, { rejectUnauthorized: true })).rejects.toThrow("certificate");
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("speaks %s", async (version) => {
    const socket = await handshake(host, { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  });

  it.each([
    ["TLS 1.1", { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }],
    ["a cipher without forward secrecy", { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" }],
  ] as const)("refuses %s", async (_, options) => {
    await expect(handshake(host, options)).rejects.toThrow(/alert|protocol/);
  });

  it("offers HTTP/2, and passes requests on as those of the same host", async () => {
    const socket = await handshake(host, { ALPNProtocols: ["h2", "http/1.1"] });
    expect(socket.alpnProtocol).toBe("h2");
    socket.destroy();
    const { status, body } = await over2(host, "/api/health");
    const told = { proto: "https", host: domain, length: 0, path: "/api/health", port: 8000 };
    expect([status, JSON.parse(body)]).toEqual([200, told]);
  });

  it("checks requests over HTTP/2 like all others", async () => {
    const post = { method: "POST", body: Buffer.alloc(70_000) };
    const large = await over2(host, "/api/query", post);
    expect([large.status, JSON.parse(large.body).title]).toEqual([413, "Request too large"]);
    const foreign = await over2(host, "/api/query", {
      method: "POST",
      headers: { origin: "https://evil.example" },
    });
    expect([foreign.status, JSON.parse(foreign.body).title]).toEqual([403, "Forbidden"]);
    const own = { method: "POST", headers: { origin: `https://${domain}` } };
    expect((await over2(host, "/api/query", own)).status).toBe(200);
    const upload = { method: "POST", body: Buffer.alloc(2 ** 20) };
    expect(JSON.parse((await over2(host, "/api/documents", upload)).body).length).toBe(2 ** 20);
    // nginx answers nothing here, and closes the connection: ENHANCE_YOUR_CALM.
    await expect(over2(host, "/", { headers: { x: "x".repeat(40_000) } })).rejects.toThrow("code 11");
  });

  it("passes on the parts of a streamed answer at once", async () => {
    const { body, first } = await over2(host, "/api/stream");
    expect(body).toBe("onetwothree");
    expect(first).toBeLessThan(900);
  });

  it("passes on WebSockets", async () => {
    const socket = await handshake(host, { ALPNProtocols: ["http/1.1"] });
    const headers = `Host: ${domain}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n`;
    socket.write(`GET /_stcore/stream HTTP/1.1\r\n${headers}`);
    const received: string[] = [];
    socket.on("data", (part) => received.push(String(part)));
    await eventually(async () => received.join("").includes("101 Switching") || undefined, 10);
    socket.write("a frame");
    await eventually(async () => received.join("").endsWith("a frame") || undefined, 10);
    socket.destroy();
  });

  // RFC 9113, 8.2.2: HTTP/2 has no such header. But programs can send it.
  it("opens no WebSocket for a request over HTTP/2", async () => {
    const socket = await handshake(host, { ALPNProtocols: ["h2"] });
    const received: Buffer[] = [];
    socket.on("data", (part: Buffer) => received.push(part));
    socket.write(frames({ ":path": "/_stcore/stream", upgrade: "websocket", "sec-websocket-key": "x" }));
    await eventually(async () => Buffer.concat(received).includes("three") || undefined, 10);
    socket.destroy();
  });

  it("sends no HSTS header, because other clients do not know the authority", async () =>
    expect((await over2(host, "/")).headers["strict-transport-security"]).toBeUndefined());

  it("redirects requests without TLS, on both ports", async () => {
    const same = await plain(`http://${host}:8080/api/health?x=1`);
    expect([same.status, same.headers.get("location")]).toEqual([308, `https://${host}:8080/api/health?x=1`]);
    const other = await plain(`http://${host}:8079/api/health?x=1`);
    expect([other.status, other.headers.get("location")]).toEqual([308, `https://${host}/api/health?x=1`]);
    expect((await plain(`http://${host}:8079/.well-known/acme-challenge/x`)).status).toBe(503);
  });

  it("redirects no request without TLS to a Host that is no host name", async () => {
    const answer = await raw(host, "GET / HTTP/1.1\r\nHost: x@evil.example\r\nConnection: close\r\n\r\n");
    expect(answer).toContain("HTTP/1.1 421 ");
    expect(answer).not.toContain("Location:");
  });
});

it("changes the certificate under load without a failed handshake or request", async () => {
  const volume = await front.newVolume();
  const settings = { tls: "internal", domain };
  let certificates = await front.startCertificates(settings, volume);
  const host = await front.startIngress(settings, volume, "load");
  const seen = new Map<string, number>();
  let over = false;
  const send = async (agent: Agent): Promise<void> => {
    while (!over) {
      const said = await post(host, agent);
      seen.set(said, (seen.get(said) ?? 0) + 1);
    }
  };
  const sending = [0, 1, 2, 3].map((index) => send(new Agent({ keepAlive: index === 0, maxSockets: 1 })));
  for (const name of [other, domain, other]) {
    await certificates.stop();
    certificates = await front.startCertificates({ ...settings, domain: name }, volume);
    await presents(host, name, 40);
  }
  over = true;
  await Promise.all(sending);
  await certificates.stop();
  expect(Object.fromEntries(seen)).toEqual({ 200: expect.any(Number) });
  expect(seen.get("200")).toBeGreaterThan(1000);
}, 240_000);

describe("a public authority", () => {
  it("validates through the ingress, and a new domain does not change the ingress", async () => {
    const volume = await front.newVolume();
    const settings = { ...acme, domain };
    const start = (name: string) =>
      front.startCertificates(
        { ...acme, domain: name },
        volume,
        { REQUESTS_CA_BUNDLE: "/pebble.pem", CERTIFICATES_INGRESS: "acme:8079" },
        front.mounted("/pebble.pem", pebbleCertificate),
      );
    const first = await start(domain);
    const host = await front.startIngress(settings, volume, "acme", [domain, other]);
    await presents(host, domain, 90);
    const { headers } = await over2(host, "/");
    expect(headers["strict-transport-security"]).toBe("max-age=31536000");
    await first.stop();
    const metrics = [
      "python3",
      "-c",
      "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics').read().decode())",
    ];
    const second = await start(other);
    expect(await namesAt(host)).toContain(domain);
    await presents(host, other, 90);
    const shown = await second.exec(...metrics);
    expect(shown).toMatch(/^ragdock_certificate_failures_total\{source="acme"\} 0\.0$/m);
    expect(shown).toMatch(/^ragdock_certificate_expires_timestamp_seconds\{source="acme"\} 1\./m);
  }, 300_000);
});
