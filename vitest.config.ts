import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "tests/unit/**/*.test.ts",

            "tests/engine/unit/**/*.test.ts",
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["tests/e2e/*.test.ts"],
          // They measure under load, on an engine that has nothing else to do.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          // Groups that share one stack. Each runs alone too: vitest run --project full tests/e2e/full/browser.test.ts
          name: "full",
          include: ["tests/e2e/full/*.test.ts"],
          globalSetup: "tests/e2e/full/setup.ts",
          // Changes are made one after another.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: "systems",
          include: ["tests/systems/**/*.test.ts", "tests/images/**/*.test.ts", "tests/engine/*.test.ts"],
          // Two at a time: stacks side by side are what systems promise, and most of the time is waiting for probes.
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          // Skipped where the real Pulumi CLI is not on PATH.
          name: "pulumi",
          include: ["tests/pulumi/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          // What takes too long for every change: `make reliability` runs it.
          name: "slow",
          include: ["tests/slow/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 1_200_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
