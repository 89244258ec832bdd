/** Tests which deployment a rollback returns to. tests/pulumi/parts.test.ts rolls a stack back. */
import { describe, expect, it } from "vitest";
import { chosen } from "../../../cli/commands/rollback.ts";
import type { Deployment } from "../../../config/spec/deployment.ts";
import { refusalOf } from "../../support/reader.ts";

let day = 0;
const deployed = (settings: Record<string, string>): Deployment => ({
  at: `2026-11-0${++day}T00:00:00Z`,
  settings,
  images: {},
});
const onEngine = deployed({ environment: "dev" });
const onSwarm = deployed({ environment: "dev", target: "swarm" });
const changed = deployed({ environment: "prod", target: "swarm" });
const now = ({ settings }: Deployment) => ({ settings, images: {} });

describe("a rollback", () => {
  it("returns to the newest deployment that differs", () => {
    expect(chosen("prod", [onEngine, onSwarm, changed], now(changed), undefined)).toBe(onSwarm);
  });

  it("never returns to a deployment on another target, whose data is old", async () => {
    const moved = [onEngine, onSwarm];
    expect(await refusalOf(() => chosen("prod", moved, now(onSwarm), undefined))).toContain(
      "1 of them ran on another target (ragdock:target), and a rollback moves no data.",
    );
    const named = await refusalOf(() => chosen("prod", moved, now(onSwarm), "1"));
    expect(named).toContain("Deployment 1 ran on one Docker engine, and the stack now runs on a Swarm.");
    expect(named).toContain("docs/guide/several-machines.md");
  });

  it("returns from a changed target that was never deployed", () => {
    expect(chosen("prod", [onEngine], now(onSwarm), undefined)).toBe(onEngine);
    expect(chosen("prod", [onEngine], now(onSwarm), "1")).toBe(onEngine);
  });

  it("is refused without such a deployment", async () => {
    expect(await refusalOf(() => chosen("prod", [], now(onEngine), undefined))).toContain("0 deployments");
    expect(await refusalOf(() => chosen("prod", [onEngine], now(onEngine), "7"))).toContain(
      "no deployment 7",
    );
  });
});
