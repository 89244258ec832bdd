/**
 * Sends many requests of one client to the ingress of `full`. They must not block other clients.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TestContainer } from "../support/docker.ts";
import { type Answer, Front, sendTo } from "../support/front.ts";

const front = new Front("flood");
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

/** Opens connections and sends this text on each. */
async function hold(count: number, text: string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const socket = connect(8080, host, () => socket.write(text));
    socket.on("error", () => {});
    sockets.push(socket);
    if (index % 100 === 0) await sleep(10);
  }
  await sleep(1000);
  return sockets;
}

/** Requests of another container, which has another address. */
async function expectOthersServed(): Promise<void> {
  for (let count = 0; count < 10; count++) {
    const before = Date.now();
    await gateway.exec("wget", "-q", "-T", "5", "-O", "/dev/null", "http://ingress:8080/api/documents");
    expect(Date.now() - before).toBeLessThan(3000);
  }
}

it.each([
  ["a header", 2100, "POST /api/query HTTP/1.1\r\nHost: x\r\nX-"],
  ["a body", 2100, "POST /api/query HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"],
  ["large headers", 1000, `GET / HTTP/1.1\r\nHost: x\r\n${`X: ${"x".repeat(7000)}\r\n`.repeat(3)}X-`],
])(
  "half-sent requests do not block other clients: %s",
  async (_, count, text) => {
    const sockets = await hold(count, text);
    try {
      await expectOthersServed();
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    for (const container of [ingress, gateway]) {
      const lines = (await container.logs()).split("\n");
      const wrong = lines.filter((line) => /connections are not enough|reusing connect|on signal/.test(line));
      expect(wrong, container.name).toEqual([]);
    }
  },
  120_000,
);

it("closes the connection of a half-sent header after ten seconds", async () => {
  const [socket] = await hold(1, "GET / HTTP/1.1\r\nHost: x\r\nX-");
  const before = Date.now();
  await new Promise((resolve) => socket?.once("close", resolve));
  expect(Date.now() - before).toBeLessThan(12_000);
}, 30_000);

it("answers 429 to a flood of uploads to Streamlit, and passes those of a browser", async () => {
  const upload = (): Promise<Answer> =>
    sendTo(host, "/_stcore/upload_file/session/file", { method: "PUT", body: Buffer.alloc(1000) });
  const browser = await Promise.all(Array.from({ length: 6 }, upload));
  expect(browser.map(({ status }) => status)).toEqual(Array(6).fill(200));
  const flood = await Promise.all(Array.from({ length: 60 }, upload));
  const refused = flood.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(10);
  expect(refused[0]?.headers["retry-after"]).toBe("5");
}, 120_000);

it.each([
  ["/api/documents", 64, 1000],
  ["/api/query", 64, 1000],
  ["/api/documents", 16, 2 ** 20],
])(
  "serves other clients when one client sends too much to %s: more than %i requests of %i bytes at once",
  async (path, most, length) => {
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n{`;
    const sockets = await hold(most, head);
    const send = (): Promise<Answer> => sendTo(host, path, { method: "POST", body: Buffer.alloc(length) });
    try {
      const more = await send();
      expect([more.status, more.headers["retry-after"]]).toEqual([429, "5"]);
      expect((await sendTo(host, "/api/documents")).status).toBe(200);
      await expectOthersServed();
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await sleep(1000);
    expect((await send()).status).toBe(200);
  },
  60_000,
);
