import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cpuString,
  type Duration,
  goDuration,
  mebibytes,
  type Size,
  seconds,
} from "../../../config/spec/units.ts";

describe("durations", () => {
  it.each([
    ["30s", "30s"],
    ["60s", "1m0s"],
    ["90s", "1m30s"],
    ["2m", "2m0s"],
    ["1h", "1h0m0s"],
    ["1d", "24h0m0s"],
  ] as const)("writes %s as Go does: %s", (written, go) => {
    expect(goDuration(written)).toBe(go);
  });

  it("have the same length in any unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), fc.constantFrom("s", "m"), (n, unit) => {
        const parts = [...goDuration(`${n}${unit}` as Duration).matchAll(/(\d+)([hms])/g)];
        const total = parts.reduce(
          (sum, [, v, u]) => sum + Number(v) * { h: 3600, m: 60, s: 1 }[u as "h" | "m" | "s"],
          0,
        );
        expect(total).toBe(seconds(`${n}${unit}` as Duration));
      }),
    );
  });
});

describe("sizes", () => {
  it.each([
    ["1KiB", 1],
    ["1025KiB", 2],
    ["512MiB", 512],
    ["2GiB", 2048],
  ] as const)("%s is %i MiB", (size, expected) => {
    expect(mebibytes(size as Size)).toBe(expected);
  });
});

describe("cpus", () => {
  it.each([
    [1, "1.0"],
    [0.5, "0.5"],
    [0.25, "0.25"],
    [2, "2.0"],
  ])("%d is written as %s, the provider's format", (cpus, expected) => {
    expect(cpuString(cpus)).toBe(expected);
  });
});
