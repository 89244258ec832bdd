/**
 * Tests that changes lose no request while the stack serves: a new container starts before the old
 * one stops.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { underTraffic } from "../../../tools/traffic.ts";
import { port, settings, stack } from "./context.ts";

const none = { failures: {} };

const change = async (what: Record<string, unknown>): Promise<void> => {
  stack.configure({ ...settings, ...what });
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
};

const api = (value: Record<string, unknown>) => ({ services: { ...settings.services, api: value } });

describe("under 50 requests a second", () => {
  // A busy machine causes gaps too.
  let quiet = 0;
  beforeAll(async () => {
    quiet = (await underTraffic(port, async () => {}, 8)).gap;
  });
  afterAll(() => change({}));

  it("a changed setting of the API loses no request", async () => {
    const seen = await underTraffic(port, () => change(api({ environment: { RAG_LOG_LEVEL: "WARNING" } })));
    expect(seen).toMatchObject(none);
    expect(seen.gap).toBeLessThan(1 + quiet);
  });

  it("a change of replicas 1 → 3 → 1 loses no request", async () => {
    const seen = await underTraffic(port, async () => {
      await change(api({ replicas: 3 }));
      await change({});
    });
    expect(seen).toMatchObject(none);
    expect(seen.gap).toBeLessThan(1 + quiet);
  });

  it("a changed gateway loses no request", async () => {
    const gateway = { ...settings.services.gateway, environment: { CHANGED: "1" } };
    const seen = await underTraffic(port, async () => {
      await change({ services: { ...settings.services, gateway } });
      await change({});
    });
    expect(seen).toMatchObject(none);
    expect(seen.gap).toBeLessThan(1 + quiet);
  });

  it("a changed scrape interval, which replaces Prometheus, loses no request", async () => {
    const seen = await underTraffic(port, async () => {
      await change({ monitoring: { scrapeInterval: "10s" } });
      await change({});
    });
    expect(seen).toMatchObject(none);
    expect(seen.gap).toBeLessThan(1 + quiet);
  });
});
