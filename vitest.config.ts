import { defineConfig } from "vitest/config";

const rules = ["tests/images/rules.test.ts", "tests/images/alerts.test.ts"];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["tests/unit/**/*.test.ts", "tests/engine/unit/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          // Groups of tests that share one stack. One group can run alone:
          // vitest run --project full tests/e2e/full/browser.test.ts
          name: "full",
          include: ["tests/e2e/full/*.test.ts"],
          globalSetup: "tests/e2e/full/setup.ts",
          // The groups change the stack, so they run one after another.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: "systems",
          // Files with their own stacks or containers.
          include: ["tests/e2e/*.test.ts", "tests/systems/**/*.test.ts"],
          // Two files run at a time, next to the project "full": stacks must work next to each
          // other, and most of the time the tests wait for health checks.
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          // No request may fail here, so nothing else may keep the machine busy: an overloaded
          // stack refuses requests on purpose.
          name: "traffic",
          include: ["tests/traffic/*.test.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          // Single containers, without a system.
          name: "images",
          include: ["tests/images/**/*.test.ts"],
          exclude: rules,
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          // The alert rules in a real Prometheus.
          name: "rules",
          include: rules,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          // Small programs, which the embedded engine deploys.
          name: "engine",
          include: ["tests/engine/*.test.ts"],
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          // These tests are skipped if the real Pulumi CLI is not on PATH.
          name: "pulumi",
          include: ["tests/pulumi/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          // These tests take too long for every change. `make reliability` runs them.
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
