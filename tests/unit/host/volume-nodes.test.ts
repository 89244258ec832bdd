/** Tests which labels of nodes are refused, with a fake Swarm. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SystemSpec } from "../../../config/spec/service.ts";
import type { Node } from "../../../host/tasks.ts";
import { nodeWord, placedNames, requirePlacement } from "../../../host/volume-nodes.ts";
import { refusalOf } from "../../support/reader.ts";

let nodes: Node[] = [];
vi.mock("../../../host/tasks.ts", () => ({ nodesOfSwarm: async () => nodes }));

const node = (number: number, labels: Record<string, string> = {}, name = `node-${number}`): Node => ({
  ID: `id-${number}`,
  Spec: {
    Availability: "active",
    Labels: Object.fromEntries(
      Object.entries(labels).map(([volume, value]) => [`ragdock.volume.ragdock-prod-${volume}`, value]),
    ),
  },
  Description: { Hostname: name },
  Status: { State: number === 0 ? "down" : "ready" },
});
const system = {
  services: [{ name: "a", volumes: [{ volume: "a1" }, { volume: "a2" }] }],
} as unknown as SystemSpec;
const refusal = () => refusalOf(() => requirePlacement({ project: "ragdock", stack: "prod" }, system));

beforeEach(() => {
  nodes = [node(1, { a1: "true" }), node(2)];
});

describe("the label of a volume", () => {
  it("may be on one node, or on none", async () => {
    expect(await refusal()).toBe("");
    expect([...(await placedNames())]).toEqual(["ragdock-prod-a1"]);
  });

  it("is refused with another value than the one that Swarm looks for", async () => {
    nodes = [node(1), node(2, { a1: "yes" })];
    expect([...(await placedNames())]).toEqual([]);
    const text = await refusal();
    expect(text).toContain('ragdock.volume.ragdock-prod-a1 is "yes" on node-2, and must be true');
    expect(text).toContain("docker node update --label-add ragdock.volume.ragdock-prod-a1=true node-2");
    expect(text).toContain("docker node update --label-rm ragdock.volume.ragdock-prod-a1 node-2");
  });

  it("is refused on two nodes, with the command that removes each", async () => {
    nodes = [node(1, { a1: "true" }), node(2, { a1: "true" })];
    const text = await refusal();
    expect(text).toContain("ragdock-prod-a1 is on node-1 and node-2");
    expect(text).toContain("docker node update --label-rm ragdock.volume.ragdock-prod-a1 node-1");
    expect(text).toContain("docker node update --label-rm ragdock.volume.ragdock-prod-a1 node-2");
  });

  it("is refused on another node than the one with the other volume of its service", async () => {
    nodes = [node(1, { a1: "true" }), node(2, { a2: "true" })];
    expect(await refusal()).toContain("the volumes of a are on different nodes");
  });
});

it("commands name a node by its ID if an old entry has the same name", async () => {
  expect(nodeWord(node(1), [node(1), node(2)])).toBe("node-1");
  nodes = [node(0, { a1: "true" }, "node-1"), node(1, { a1: "true" })];
  const text = await refusal();
  expect(text).toContain("ragdock-prod-a1 is on node-1 (id-0, down) and node-1 (id-1, ready)");
  expect(text).toContain("--label-rm ragdock.volume.ragdock-prod-a1 id-0");
});
