/**
 * Tests what a run records in the outputs of the stack. tests/pulumi/parts.test.ts runs it under
 * both deployers.
 */
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { outputsOf } from "../../../components/history.ts";
import { imagesOnly, partOnly, servicesOnly } from "../../../config/spec/part.ts";
import type { Target } from "../../../config/spec/target.ts";
import { systemWith } from "../../support/program.ts";

const stack = { project: "ragdock", stack: "test" };
const system = systemWith({ system: "m31" });
const deployment = { at: "2026-11-27T00:00:00Z", settings: { services: "{}" }, images: {} };
const first = { ...deployment, at: "2026-11-26T00:00:00Z", settings: {} };
const history = {
  target: "engine" as const,
  deployments: [first],
  volumes: { "ragdock-test-prometheus-data": "before" },
  keptSecrets: { "old-key": 1 },
  containers: { web: ["web-1"], redis: ["redis-1"] },
  credentials: { "redis-password": "secret of before" },
};
const output = (text: string) => pulumi.output(text);
const rag = {
  containers: { web: [output("unknown")], redis: [output("redis-2")] },
  volumes: {
    "ragdock-test-redis-data": output("now"),
    "ragdock-test-prometheus-data": output("unknown"),
  },
  secrets: { "redis-admin-password": output("new"), "redis-password": output("unknown") },
  keptSecrets: {},
};

/** The outputs of a run with these variables in its environment. */
const recorded = (env: Record<string, string>, target: Target = "engine") =>
  outputsOf(history, stack, { ...rag, target }, deployment, partOnly(system, env));

/** The value of an output, secret or not. */
const resolved = (value: object): Promise<unknown> =>
  new Promise((done) => {
    pulumi.output(value).apply(done);
  });

describe("the outputs of a run", () => {
  it("of the whole system are what it has, and add a deployment", () => {
    const { target, containers, deployments } = recorded({}, "swarm");
    expect(target).toBe("swarm");
    expect(containers).toBe(rag.containers);
    expect(deployments).toEqual([first, deployment]);
  });

  it("of some services have their values, those of earlier runs for the rest, and no deployment", async () => {
    const { deployments, credentials, ...others } = recorded({ [servicesOnly]: "redis" });
    expect(await resolved(others)).toEqual({
      target: "engine",
      containers: { web: ["web-1"], redis: ["redis-2"] },
      volumes: { "ragdock-test-redis-data": "now", "ragdock-test-prometheus-data": "before" },
      keptSecrets: { "old-key": 1 },
    });
    expect(deployments).toEqual([first]);
    expect(await resolved(credentials)).toEqual({
      "redis-admin-password": "new",
      "redis-password": "secret of before",
    });
    const kept = credentials["redis-password"];
    expect(await pulumi.isSecret(kept as pulumi.Output<string>)).toBe(true);
  });

  it("of some services on another target forget the volumes that the stack had before", async () => {
    const { target, volumes } = recorded({ [servicesOnly]: "redis" }, "swarm");
    expect(target).toBe("swarm");
    expect(await resolved(volumes)).toEqual({ "ragdock-test-redis-data": "now" });
  });

  it("that makes images only are those of earlier runs", async () => {
    const { deployments, credentials: _, ...others } = recorded({ [imagesOnly]: "true" }, "swarm");
    const { deployments: __, credentials: ___, ...earlier } = history;
    expect(await resolved(others)).toEqual(earlier);
    expect(deployments).toEqual([first]);
  });
});
