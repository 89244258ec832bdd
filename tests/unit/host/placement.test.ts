/** Tests where volumes of a Swarm are placed. tests/slow/swarm-full.test.ts loses a node. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SystemSpec } from "../../../config/spec/service.ts";
import type { Node } from "../../../host/tasks.ts";

const swarm = vi.hoisted(() => ({ nodes: [] as unknown[], commands: [] as string[] }));
vi.mock("../../../host/tasks.ts", async (original) => ({
  ...(await original<object>()),
  nodesOfSwarm: async () => swarm.nodes,
}));
vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  containersOf: async () => [],
  docker: async (...args: string[]) => void swarm.commands.push(args.join(" ")),
}));

const { lostData, placeVolumes, unplacedServices } = await import("../../../host/placement.ts");

const node = (number: number, labels: readonly string[] = [], State = "ready", Availability = "active") =>
  ({
    ID: `id-${number}`,
    Spec: {
      Availability,
      Labels: Object.fromEntries(labels.map((one) => [`ragdock.volume.${one}`, "true"])),
    },
    Description: { Hostname: `node-${number}` },
    Status: { State },
  }) as Node;

const stack = { project: "ragdock", stack: "prod" };
const service = (name: string, ...volumes: string[]) => ({
  name,
  volumes: volumes.map((volume) => ({ volume, path: "/data" })),
});
const system = (...services: unknown[]) => ({ services }) as unknown as SystemSpec;
const place = async (...services: unknown[]): Promise<string[]> => {
  await placeVolumes(stack, system(...services), () => {});
  return swarm.commands;
};

beforeEach(() => {
  swarm.commands = [];
});

describe("a new volume", () => {
  it("is placed on the node with the fewest volumes, and keeps its node", async () => {
    swarm.nodes = [node(1, ["ragdock-prod-a"]), node(2)];
    expect(await place(service("a", "a"), service("b", "b"))).toEqual([
      "node update --label-add ragdock.volume.ragdock-prod-b=true id-2",
    ]);
  });

  it("is placed next to another volume of its service, and never on a node that is down or drained", async () => {
    swarm.nodes = [node(1, ["ragdock-prod-a"]), node(2, [], "down"), node(3, [], "ready", "drain")];
    expect(await place(service("a", "a", "a2"), service("b", "b"))).toEqual([
      "node update --label-add ragdock.volume.ragdock-prod-a2=true id-1",
      "node update --label-add ragdock.volume.ragdock-prod-b=true id-1",
    ]);
    swarm.nodes = [node(2, [], "down")];
    await expect(place(service("b", "b"))).rejects.toThrow("No node of the Swarm can take the data of b.");
  });
});

it("places volumes that several services share on one node", async () => {
  swarm.nodes = [node(1), node(2)];
  expect(await place(service("a", "a"), service("b", "b"), service("both", "a", "b"))).toEqual([
    "node update --label-add ragdock.volume.ragdock-prod-a=true id-1",
    "node update --label-add ragdock.volume.ragdock-prod-b=true id-1",
  ]);
});

describe("the data of a node", () => {
  it("is reported while the node is down, with what to do if it never comes back", async () => {
    swarm.nodes = [node(1), node(2, ["ragdock-prod-a"], "down")];
    const [lost, ...others] = await lostData(stack, system(service("a", "a"), service("b", "b")));
    expect(others).toEqual([]);
    expect(lost?.problem).toBe("a does not run: its data is on node-2, which is down.");
    expect(lost?.evidence.join("\n")).toContain(
      "docker node update --label-rm ragdock.volume.ragdock-prod-a node-2 && make up STACK=prod CONFIRM=prod && make restore STACK=prod CONFIRM=prod",
    );
  });

  it("is reported while the node is drained, and not while it runs", async () => {
    swarm.nodes = [node(1, ["ragdock-prod-a"], "ready", "drain"), node(2, ["ragdock-prod-b"])];
    const lost = await lostData(stack, system(service("a", "a"), service("b", "b")));
    expect(lost.map(({ problem }) => problem)).toEqual([
      "a does not run: its data is on node-1, which is set to drain.",
    ]);
  });

  it("moves to the new entry of a machine that left the Swarm and joined it again", async () => {
    const again = { ...node(3), Description: { Hostname: "node-2" } };
    swarm.nodes = [node(1), node(2, ["ragdock-prod-a"], "down"), again];
    const [lost] = await lostData(stack, system(service("a", "a")));
    expect(lost?.evidence[1]).toBe(
      "node-2 is in the Swarm again, as another node. If it has its old volumes: docker node update --label-rm ragdock.volume.ragdock-prod-a id-2 && docker node update --label-add ragdock.volume.ragdock-prod-a=true id-3",
    );
  });

  it("is not in backups if it is a registry, which the next deployment fills", async () => {
    swarm.nodes = [node(1), node(2, ["ragdock-prod-a"], "down")];
    const [lost] = await lostData(stack, system({ ...service("a", "a"), role: "registry" }));
    expect(lost?.evidence.at(-1)).toBe(
      "If it is lost, fill it again on another node: docker node update --label-rm ragdock.volume.ragdock-prod-a node-2 && make up STACK=prod",
    );
  });

  it("has no node after its label was removed", async () => {
    swarm.nodes = [node(1), node(2, ["ragdock-prod-b"])];
    expect(await unplacedServices(stack, system(service("a", "a"), service("b", "b"), service("c")))).toEqual(
      ["a"],
    );
  });
});
