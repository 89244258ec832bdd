/**
 * Tests that a stack is not deployed to another target while it runs on the old one, with a fake
 * Docker. tests/slow/swarm-pulumi.test.ts tests it on a real Swarm.
 */
import { beforeEach, expect, it, vi } from "vitest";
import { requireOldTargetStopped } from "../../../host/old-target.ts";
import { refusalOf } from "../../support/reader.ts";

/** The drivers of the stack's networks. */
let drivers: string[] = [];
vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  docker: async (...command: string[]) => {
    expect(command).toContain("label=ragdock.stack=prod");
    return drivers.map((driver) => `${driver}\n`).join("");
  },
}));

beforeEach(() => {
  drivers = [];
});

const refusal = (target: "engine" | "swarm") =>
  refusalOf(() => requireOldTargetStopped("prod", target), "prod");

it("each target is used if the stack has no networks here", async () => {
  expect(await refusal("swarm")).toBe("");
  expect(await refusal("engine")).toBe("");
});

it("the target on which the stack runs is used", async () => {
  drivers = ["bridge", "bridge"];
  expect(await refusal("engine")).toBe("");
  drivers = ["overlay"];
  expect(await refusal("swarm")).toBe("");
});

it("a Swarm is refused while the engine runs the stack, with the commands that stop it", async () => {
  drivers = ["bridge"];
  const text = await refusal("swarm");
  expect(text).toContain('selects a Swarm, and stack "prod" still runs on one Docker engine');
  expect(text).toContain("pulumi config rm --stack prod ragdock:target");
  expect(text).toContain("make down STACK=prod");
});

it("one engine is refused while a Swarm runs the stack", async () => {
  drivers = ["overlay"];
  expect(await refusal("engine")).toContain("pulumi config set --stack prod ragdock:target swarm");
});
