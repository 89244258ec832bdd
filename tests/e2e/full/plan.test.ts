/**
 * Tests that a plan, which knows neither Docker nor the state, has the same steps as the embedded
 * engine's preview on a running stack, for random pairs of settings. The pairs have fixed seeds.
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare } from "../../../cli/plan/compare.ts";
import { describe as describeStack } from "../../../cli/plan/describe.ts";
import type { Description } from "../../../cli/plan/description.ts";
import { resolveSystem } from "../../../config/resolve.ts";
import { settings, stack } from "./context.ts";
import { name } from "./settings.ts";

type Raw = Record<string, unknown>;

/** The changes from which random pairs are made. */
const changes: readonly Raw[] = [
  { services: { api: { environment: { RAG_LOG_LEVEL: "WARNING" } } } },
  { services: { api: { replicas: 2 } } },
  { services: { api: { limits: { memory: "1GiB" } } } },
  { services: { worker: { limits: { cpus: 0.5 } } } },
  { services: { worker: { logs: { maxFiles: 7 } } } },
  { services: { ui: { enabled: false } } },
  { services: { redis: { limits: { memory: "300MiB" } } } },
  { services: { redis: { environment: { SAMPLE: "1" } } } },
  { services: { gateway: { port: 18_085 } } },
  { services: { "redis-exporter": { enabled: false } } },
  { services: { migrate: { environment: { SAMPLE: "1" } } } },
  { services: { api: { files: [{ path: "/sample", content: "{{secret:postgres-password}}" }] } } },
  { services: { api: { soak: "7s" } } },
  { services: { postgres: { shm: "512MiB" } } },
  { vectorStore: "chroma" },
  { rotations: { redis: 2 } },
  { monitoring: { retention: "3d" } },
  { pinned: { redis: "redis:8" } },
];

/** Merges one value into another, block by block. */
function merged(a: unknown, b: unknown): unknown {
  const isBlock = (value: unknown): value is Raw =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isBlock(a) || !isBlock(b)) return b ?? a;
  return Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [key, merged(a[key], b[key])]),
  );
}

const facts = { project: "ragdock", stack: name, secrets: new Set<string>(), host: {} };
const described = (raw: Raw): Promise<Description> => describeStack(raw, facts);

/**
 * The steps of a plan, as a preview shows them. A preview does not know how a job will end, so it
 * replaces each container that waits for a job that runs again. A plan and a real run do not
 * replace it.
 */
function planned(before: Description, after: Description, next: Raw): string[] {
  const { steps, others } = compare(name, before, after);
  const ops = new Map<string, string>(steps.map((step) => [step.name, step.op]));
  const jobs = steps.filter(({ isJob, op }) => isJob && op !== "delete").map(({ service }) => service);
  const waiting = resolveSystem(next, facts)
    .services.filter(({ dependsOn }) => dependsOn.some((one) => jobs.includes(one)))
    .map((service) => service.name);
  for (const [container, { service }] of Object.entries(after.containers)) {
    if (waiting.includes(service) && before.containers[container]) ops.set(container, "replace");
  }
  return [
    ...[...ops].map(([container, op]) => `container ${container}: ${op}`),
    ...others.map((step) => `${step.kind} ${step.name}: ${step.op}`),
  ].sort();
}

describe("a plan", () => {
  it("lists the same steps as the preview, for random pairs of settings", async () => {
    // Another group of tests may have changed the settings.
    stack.configure(settings);
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    const before = await described(settings);
    const different: unknown[] = [];
    const subset = fc.uniqueArray(fc.constantFrom(...changes), { minLength: 1, maxLength: 3 });
    for (const picked of fc.sample(subset, { numRuns: 14, seed: 42 })) {
      const next = picked.reduce(merged, settings) as Raw;
      stack.configure(next);
      const { output } = await stack.make("preview");
      const after = await described(next);
      const pair = JSON.stringify(picked);
      if (after.problems.length > 0) {
        expect(output, pair).toContain("nothing was changed");
        continue;
      }
      const previewed = [...output.matchAll(/^[+~±-] (\w+ [\w-]+: \w+)/gm)].map(([, line]) => line).sort();
      const plan = planned(before, after, next);
      if (!isDeepStrictEqual(plan, previewed)) different.push({ pair, plan, previewed });
    }
    stack.configure(settings);
    expect(different).toEqual([]);
  });
});
