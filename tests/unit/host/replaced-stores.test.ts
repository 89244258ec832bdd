/**
 * Tests which stores of a Swarm count as replaced, with made-up services. tests/slow/swarm.test.ts
 * replaces one.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LongRunning } from "../../../config/spec/service.ts";
import { loginLabel } from "../../../config/spec/swarm.ts";

const swarm = vi.hoisted(() => ({ services: [] as unknown[], commands: [] as string[] }));
vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  containersOf: async () => ["a task"],
  inspectAll: async () => swarm.services,
  docker: async (...args: string[]) => {
    if (args[0] === "network") return "id-1 ragdock-prod-redis\nid-2 ragdock-prod-outside-redis\n";
    swarm.commands.push(args.slice(0, 2).join(" "));
    return "id";
  },
}));
vi.mock("../../../host/scale.ts", () => ({
  stopTasks: async (tasks: readonly string[]) => swarm.commands.push(`stop ${tasks.join()}`),
}));

const { storeStopper } = await import("../../../host/replaced-stores.ts");

const redis = { name: "redis", aliases: ["cache"], networks: ["redis", "outside"] } as unknown as LongRunning;
const networks = [
  { Target: "id-2", Aliases: ["redis.outside"] },
  { Target: "id-1", Aliases: ["redis.redis", "cache", "redis"] },
];

/** What happens to a service that runs, when one with these networks and this login is deployed. */
async function commands(running: object, login?: string, make = true): Promise<string[]> {
  swarm.services = [running];
  await storeStopper({ project: "ragdock", stack: "prod", make })(redis, login);
  return swarm.commands.filter((one) => one !== "service ls");
}

const service = (Networks: object[], Labels: object = {}, Replicas = 1) => ({
  ID: "id",
  Spec: { Labels, Mode: { Replicated: { Replicas } }, TaskTemplate: { Networks } },
});

beforeEach(() => {
  swarm.commands = [];
});

describe("a store of a Swarm", () => {
  it("keeps running if it has the planned networks and names, in any order", async () =>
    expect(await commands(service(networks))).toEqual([]));

  it.each([
    ["another network", [...networks, { Target: "id-3", Aliases: ["redis"] }]],
    ["one network less", networks.slice(1)],
    ["another name", [networks[0] as object, { Target: "id-1", Aliases: ["redis.redis", "redis"] }]],
  ])("stops before it is replaced because of %s", async (_, others) =>
    expect(await commands(service(others))).toEqual(["stop a task"]),
  );

  it("stops before it is replaced because of another login", async () => {
    expect(await commands(service(networks, { [loginLabel]: "1" }), "1")).toEqual([]);
    expect(await commands(service(networks, { [loginLabel]: "1" }), "2")).toEqual(["stop a task"]);
  });

  it("starts again if an earlier deployment stopped it, and did not replace it", async () =>
    expect(await commands(service(networks, {}, 0))).toEqual(["service update"]));

  it("is not touched by a preview", async () =>
    expect(await commands(service([]), undefined, false)).toEqual([]));
});
