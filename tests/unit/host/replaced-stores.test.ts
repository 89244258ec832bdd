/**
 * Tests which stores of a Swarm count as replaced, with made-up services. tests/slow/swarm.test.ts
 * replaces one.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { imagesOnly, servicesOnly } from "../../../config/spec/part.ts";
import type { LongRunning, SystemSpec } from "../../../config/spec/service.ts";
import { loginLabel } from "../../../config/spec/swarm.ts";

const swarm = vi.hoisted(() => ({ services: [] as unknown[], commands: [] as string[] }));
vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  inspectAll: async () => swarm.services,
  docker: async (...args: string[]) => {
    if (args[0] === "network") return "id-1 ragdock-prod-redis\nid-2 ragdock-prod-outside-redis\n";
    swarm.commands.push(args.slice(0, 2).join(" "));
    return "id";
  },
}));
vi.mock("../../../host/scale.ts", () => ({
  stopService: async (name: string) => swarm.commands.push(`stop ${name}`),
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
  const system = { services: [redis], networks: {}, urls: {} } as unknown as SystemSpec;
  await storeStopper({ project: "ragdock", stack: "prod", make, system })(redis, login);
  return swarm.commands.filter((one) => one !== "service ls");
}

const service = (Networks: object[], Labels: object = {}, Replicas = 1) => ({
  ID: "id",
  Spec: { Name: "redis-1", Labels, Mode: { Replicated: { Replicas } }, TaskTemplate: { Networks } },
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
    expect(await commands(service(others))).toEqual(["stop redis-1"]),
  );

  it("stops before it is replaced because of another login", async () => {
    expect(await commands(service(networks, { [loginLabel]: "1" }), "1")).toEqual([]);
    expect(await commands(service(networks, { [loginLabel]: "1" }), "2")).toEqual(["stop redis-1"]);
  });

  it("starts again if an earlier deployment stopped it, and did not replace it", async () =>
    expect(await commands(service(networks, {}, 0))).toEqual(["service update"]));

  it("keeps running if its settings repeat a name", async () => {
    const twice = [
      networks[0] as object,
      { Target: "id-1", Aliases: ["redis.redis", "cache", "cache", "redis"] },
    ];
    expect(await commands(service(twice))).toEqual([]);
  });

  it.each([
    ["of other services", servicesOnly, "web"],
    ["that makes images", imagesOnly, "1"],
  ])("is not touched by a run %s", async (_, variable, value) => {
    vi.stubEnv(variable, value);
    expect(await commands(service([]))).toEqual([]);
    expect(await commands(service(networks, {}, 0))).toEqual([]);
    vi.unstubAllEnvs();
  });

  it("is not touched by a preview", async () =>
    expect(await commands(service([]), undefined, false)).toEqual([]));
});
