/** Tests the pages of the measurements with invented results. These tests measure nothing. */
import { expect, it } from "vitest";
import { performanceParts, type Results } from "../../../tools/bench/page.ts";
import { pageWith } from "../../../tools/markdown.ts";
import type { Part } from "../../../tools/reliability/findings.ts";
import { reliabilityParts } from "../../../tools/reliability/page.ts";

const none = { ours: [], compose: [] };
const results: Results = {
  facts: { date: "2026-01-02", commit: "abc1234", docker: "20.10.24", cores: "2", memory: "24 GiB" },
  loadBefore: "0.1",
  loadAfter: "0.2",
  images: "packages",
  pairs: { unchanged: none, preview: none, warm: none, edit: none },
  growth: [],
  failures: [],
};

it("writes every part of performance.md, also when nothing was measured", () => {
  const parts = performanceParts(results);
  const { changes, growth, fresh, memory, images, failures } = parts;
  expect(new Set([changes, growth, fresh, memory, images])).toEqual(new Set(["Not measured."]));
  expect(failures).toBe("Nothing.");
  expect(parts.machine).toContain("| Docker Compose | could not be built |");
  expect(parts.aims?.match(/not measured/g)).toHaveLength(5);
  expect(pageWith("docs/measurements/performance.md", parts)).toContain("at commit abc1234.");
});

it("compares medians with Compose, and says which aims are met", () => {
  const { aims, commands } = performanceParts({
    ...results,
    pairs: {
      ...results.pairs,
      unchanged: { ours: [4, 2, 9], compose: [8] },
      warm: { ours: [1], compose: [1] },
    },
    memory: [
      ["api", 2000],
      ["worker", 561],
    ],
  });
  expect(commands).toContain("| unchanged `make up` | 4s (4.0, 2.0, 9.0) | 8s (8.0) | 0.50 x |");
  expect(aims).toContain("| unchanged `make up` | under 3 s | 4.0 s | **not met** |");
  expect(aims).toContain("| warm start, as a multiple of Compose | under 1.3 x | 1.00 x | met |");
  expect(aims).toContain("| memory of the `dev` stack | under 2560 MiB | 2561 MiB | **not met** |");
});

it("counts failed requests by kind, and shows failed cases and those that did not run", () => {
  const part = <T>(planned: string[], seen: T, failures: Record<string, string> = {}): Part<T> => ({
    date: "2026-01-02",
    commit: "abc1234",
    machine: "2 cores",
    loadBefore: "0.1",
    loadAfter: "0.2",
    planned,
    seen,
    failures,
  });
  const bad = { sent: 20, failures: { ECONNRESET: 2 }, gap: 0.25, seconds: 5 };
  const rounds = [{ sent: 10, failures: {}, gap: 0.5, seconds: 3 }, bad];
  const lost = {
    name: "disk full",
    promise: "None is lost.",
    seconds: 1,
    told: "503 | full",
    acknowledged: 3,
    found: 2,
  };
  const { results: page } = reliabilityParts({
    full: {
      changes: part(["image", "route", "later"], { image: rounds }, { route: "make up failed" }),
      machine: part(["disk full"], [lost]),
      crashes: part(["kill -9 of api"], [{ ...lost, ...bad, name: "kill -9 of api" }]),
      overloads: part(
        ["questions"],
        [
          {
            name: "questions",
            sustainable: 61.5,
            sent: 73_800,
            outcomes: { 200: 3600, 503: 70_200 },
            slowest: 0.4,
            unanswered: {},
            hurt: ["api out of memory"],
            normalAfter: 1.2,
          },
        ],
      ),
    },
  });
  expect(page).toContain("| image | 2 | 30 | **2 × ECONNRESET** | 0.50 s | 5s |");
  expect(page).toContain("| route | **failed**: make up failed |");
  expect(page).toContain("| later | not run |");
  expect(page).toContain("| kill -9 of api | 20 | **2 × ECONNRESET** | 0.25 s | 5s | **2 of 3** |");
  const overload = "3600 × 200, 70200 × 503 | 0.4 s | none | **api out of memory** | 1.2 s |";
  expect(page).toContain(`| questions | 61.5 a second | 73800 | ${overload}`);
  expect(page).toContain("| disk full | None is lost. | 1s | **2 of 3** | 503 \\| full |");
  expect(page).not.toContain("Bad revisions");
});
