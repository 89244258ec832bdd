/** Tests that a stack stops before it moves to another target, with a fake state. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { requireStopped } from "../../../cli/old-target.ts";
import type { Target } from "../../../config/spec/target.ts";
import type { Container } from "../../../host/docker.ts";
import { refusalOf } from "../../support/reader.ts";

let state: string[] = [];
let reads = 0;
vi.mock("../../../cli/backends/deployer.ts", () => ({ isNewStack: () => false }));
vi.mock("../../../cli/session.ts", () => ({
  withDeployer: async (_: string, work: (session: unknown) => unknown) => {
    reads++;
    return work({ deployer: { resourceTypes: async () => new Set(state) } });
  },
}));

const container = (labels: Record<string, string>, more: object = {}) =>
  ({ Config: { Labels: labels }, ...more }) as unknown as Container;
const job = container({ "ragdock.kind": "job" });
const task = container({}, { Node: "node-1" });
const refusal = (target: Target, containers: readonly Container[] = []) =>
  refusalOf(() => requireStopped("prod", target, containers), "prod");

beforeEach(() => {
  state = ["ragdock:index:RagStack", "ragdock:core:Secrets"];
  reads = 0;
});

describe("another target", () => {
  it("is used if the stack is stopped: its secrets stay in the state", async () => {
    expect(await refusal("swarm")).toBe("");
    expect(await refusal("engine")).toBe("");
  });

  it("is refused while the services of the engine are in the state, with the commands that stop them", async () => {
    state.push("ragdock:core:Service");
    const text = await refusal("swarm", [job]);
    expect(text).toContain('selects a Swarm, and stack "prod" still runs on one Docker engine');
    expect(text).toContain("pulumi config rm --stack prod ragdock:target");
    expect(text).toContain("make down STACK=prod");
  });

  it("is refused while the services of a Swarm are in the state, also if this Docker runs some of them", async () => {
    state.push("ragdock:swarm:Service");
    for (const containers of [[], [container({ "com.docker.swarm.task.id": "x1" })]])
      expect(await refusal("engine", containers)).toContain(
        "pulumi config set --stack prod ragdock:target swarm",
      );
  });
});

it("the state of a stack that runs on its target is not read", async () => {
  expect(await refusal("swarm", [task, job])).toBe("");
  expect(await refusal("engine", [container({}), job])).toBe("");
  expect(reads).toBe(0);
});
