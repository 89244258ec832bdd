/**
 * Tests the search for the highest rate, its report, and its requests. It does not prove that
 * Docker's usage numbers are right.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { loadText, type Measured, within } from "../../../cli/commands/load.ts";
import { measure, nextRate, percentile, type Step } from "../../../cli/load/ramp.ts";
import { usedBytes } from "../../../cli/load/saturation.ts";
import { cheapPath, ingressUrl } from "../../../cli/load/target.ts";
import { systemWith } from "../../support/program.ts";
import { toPulumi } from "../../support/reader.ts";

const m31 = systemWith({ system: "m31" });
const objective = { p95: 1000, failures: 0.01 };

const step = (rate: number, p95: number, over: Partial<Measured> = {}): Measured => ({
  ...{ rate, sent: rate * 10, answered: rate, p50: p95 / 2, p95, failed: 0, failures: {}, loads: [] },
  ...over,
});

/** The rates of a search on a stack that keeps its objective up to `capacity` requests a second. */
function search(capacity: number, highest: number): number[] {
  const steps: Step[] = [];
  for (let rate = nextRate(steps, objective, highest); rate; rate = nextRate(steps, objective, highest))
    steps.push(step(rate, rate > capacity ? 5000 : 100));
  return steps.map(({ rate }) => rate);
}

describe("the search", () => {
  it.each([
    [45, 200, [5, 10, 20, 40, 80, 60, 50]],
    [1000, 30, [5, 10, 20, 30]],
    [0, 200, [5, 3, 2]],
    [1000, 3, [3]],
  ])("with a capacity of %d and a bound of %d sends %j a second", (capacity, highest, rates) =>
    expect(search(capacity, highest)).toEqual(rates),
  );

  it("counts good answers, failures and times of a real server", async () => {
    let number = 0;
    const server = createServer((_, response) => {
      number += 1;
      response.statusCode = number % 5 === 0 ? 503 : 200;
      response.end("answer");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const found = await measure({ port }, { path: "/", method: "GET" }, 20, 1);
    server.close();
    expect(found).toMatchObject({ rate: 20, sent: 20, failures: { 503: 4 } });
    expect(found.failed).toBeCloseTo(0.2);
    expect(found.p95).toBeGreaterThan(0);
  });

  it("has no percentile without an answer", () => {
    expect(percentile([], 0.95)).toBe(Number.POSITIVE_INFINITY);
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(2);
  });
});

describe("the report", () => {
  it("names what reached its limit first, and the setting that raises it", () => {
    const text = loadText(m31, objective, [
      step(10, 100, { loads: [{ service: "web", cpu: 0.5, memory: 0.2 }] }),
      step(20, 2000, { loads: [{ service: "web", cpu: 0.97, memory: 0.2 }] }),
    ]);
    expect(text).toContain("keeps its objective at 10 requests a second");
    expect(text).toContain("It breaks at 20.");
    expect(text).toContain("web reached its limit first: 97% of its CPU.");
    expect(toPulumi(text, "dev")).toContain(
      "services.web.limits.cpus: 1 → 2   pulumi config set --stack dev --path 'ragdock:services.web.limits.cpus' 2",
    );
  });

  it("shows the failures, and says if no limit was reached", () => {
    const text = loadText(m31, objective, [step(5, 100, { failed: 0.5, failures: { 429: 25 } })]);
    expect(text).toContain("keeps its objective at no rate");
    expect(text).toContain("It breaks at 5. Failures: 25 × 429.");
    expect(text).toContain("No container reached 90% of its limits.");
  });

  it("reads Docker's memory", () => {
    expect(usedBytes("51.5MiB / 512MiB")).toBe(51.5 * 2 ** 20);
    expect(usedBytes("1.5GiB / 2GiB")).toBe(1.5 * 2 ** 30);
  });
});

describe("the target", () => {
  it.each([
    ["m31", "/health"],
    ["full", "/api/health"],
    ["myrag", "/api/health"],
  ])("of %s is the health check behind the ingress", (system, expected) => {
    expect(cheapPath(systemWith({ system }))).toBe(expected);
    expect(ingressUrl(systemWith({ system })).hostname).toBe("localhost");
  });

  it("is refused if the ingress publishes nothing", () => {
    const closed = systemWith({ system: "m31", services: { web: { exposure: "none" } } });
    expect(() => ingressUrl(closed)).toThrow("publishes no port of its ingress");
  });

  it.each(["", "0", "-1", "61", "ten"])("refuses %j seconds", (text) =>
    expect(() => within(text, "--step", 2, 60)).toThrow("--step is"),
  );
});
