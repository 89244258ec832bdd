/**
 * Tests that changes of the system `full`, bad revisions and rotations lose no request: a new
 * container starts before the old one stops. These tests use `images: packages` and nothing else
 * keeps the machine busy. `make reliability` tests images, and revisions that take longer to fail.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Seen, underTraffic } from "../../tools/traffic.ts";
import { TestStack } from "../support/stack.ts";

const port = 28_020;
const settings = {
  system: "full",
  images: "packages",
  monitoring: { scrapeInterval: "5s" },
  services: {
    gateway: { port },
    prometheus: { port: 28_022 },
    alertmanager: { port: 28_021, exposure: "loopback" },
  },
};
const stack = new TestStack("e2e-traffic", settings);

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
});
afterAll(() => stack.remove());

const change = async (what: Record<string, unknown>): Promise<void> => {
  stack.configure({ ...settings, ...what });
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
};

const api = (value: Record<string, unknown>) => ({ services: { ...settings.services, api: value } });

/** Traffic on the gateway. `idle` is the longest wait for a service that no change affects. */
async function measure(work: () => Promise<void>): Promise<Seen & { idle: number }> {
  let idle = 0;
  let ended = false;
  const control = async (): Promise<void> => {
    while (!ended) {
      const begun = performance.now();
      await fetch(`http://127.0.0.1:${settings.services.alertmanager.port}/-/healthy`);
      idle = Math.max(idle, (performance.now() - begun) / 1000);
      await sleep(20);
    }
  };
  const controlled = control();
  const seen = await underTraffic({ port }, work).finally(() => {
    ended = true;
  });
  await controlled;
  return { ...seen, idle };
}

/** No request failed, and none waited longer than a second more than the busy machine causes. */
function expectNoGap({ failures, gap, idle }: Seen & { idle: number }): void {
  expect(failures, JSON.stringify(failures)).toEqual({});
  expect(gap).toBeLessThan(1 + idle);
}

describe("under 50 requests a second", () => {
  afterAll(() => change({}));

  it("a changed setting of the API loses no request", async () => {
    const seen = await measure(() => change(api({ environment: { RAG_LOG_LEVEL: "WARNING" } })));
    expectNoGap(seen);
  });

  it("a change of replicas 1 → 3 → 1 loses no request", async () => {
    const seen = await measure(async () => {
      await change(api({ replicas: 3 }));
      await change({});
    });
    expectNoGap(seen);
  });

  it("a changed gateway loses no request", async () => {
    const gateway = { ...settings.services.gateway, environment: { CHANGED: "1" } };
    const seen = await measure(async () => {
      await change({ services: { ...settings.services, gateway } });
      await change({});
    });
    expectNoGap(seen);
  });

  it("a changed scrape interval, which replaces Prometheus, loses no request", async () => {
    const seen = await measure(async () => {
      await change({ monitoring: { scrapeInterval: "10s" } });
      await change({});
    });
    expectNoGap(seen);
  });
});

describe("a bad revision", () => {
  it("gets no requests, and is rolled back", async () => {
    const before = await stack.containers("api");
    const good = readFileSync(stack.file, "utf8");
    stack.configure({ ...settings, ...api({ environment: { RAG_LOG_LEVEL: "LOUD" } }) });
    const seen = await underTraffic({ port }, async () => {
      const bad = await stack.make("up");
      expect(bad.code, bad.output).toBe(1);
      expect(bad.output).toMatch(/api \(ragdock-e2e-traffic-api-\w+\) is/);
      expect(bad.output).toContain("RAG_LOG_LEVEL");
      expect(bad.output).toMatch(/It crashed \d+ times and was never healthy, so it was removed/);
      const [, log = ""] = /Its whole log: (\S+)/.exec(bad.output) ?? [];
      expect(readFileSync(log, "utf8")).toContain("LOUD");
      expect(await stack.containers("api")).toEqual(expect.arrayContaining(before));
      const back = await stack.make("rollback");
      expect(back.code, back.output).toBe(0);
      expect(back.output).toMatch(/Returned to the deployment of \d{4}-/);
    });
    expect(seen.failures, JSON.stringify(seen.failures)).toEqual({});
    expect(readFileSync(stack.file, "utf8")).toBe(good);
    expect(await stack.containers("api")).toHaveLength(1);
  });
});

// The last group: a later change of the settings would remove the number of the rotation.
describe.each(["postgres", "redis"])("make rotate SECRET=%s", (secret) => {
  it("loses no request", async () => {
    const seen = await underTraffic({ port }, async () => {
      const { code, output } = await stack.make("rotate", "--secret", secret);
      expect(code, output).toBe(0);
    });
    expect(seen.failures, JSON.stringify(seen.failures)).toEqual({});
  });
});
