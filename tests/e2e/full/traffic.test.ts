/**
 * Tests that changes lose no request while the stack serves: a new container starts before the old
 * one stops.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { type Seen, underTraffic } from "../../../tools/traffic.ts";
import { port, settings, stack } from "./context.ts";

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
