import { describe, expect, it, vi } from "vitest";
import type { Container } from "../../../host/docker.ts";
import type { Node } from "../../../host/tasks.ts";

const node = (number: number, labels: Record<string, string> = {}): Node => ({
  ID: `id-${number}`,
  Spec: { Availability: "active", Labels: labels },
  Description: { Hostname: `node-${number}` },
  Status: { State: "ready", Addr: `10.0.0.1${number}` },
});
const nodes = [node(1), node(2, { "ragdock.host": "tcp://10.0.0.12:2376" }), node(3)];

vi.mock("../../../host/tasks.ts", async (original) => ({
  ...(await original<object>()),
  nodesOfSwarm: async () => nodes,
}));
const cli = vi.hoisted(() => ({ manager: "" }));
vi.mock("../../../host/docker-cli.ts", async (original) => {
  const real = await original<typeof import("../../../host/docker-cli.ts")>();
  return {
    ...real,
    dockerEndpoint: () => real.dockerEndpoint() ?? { host: cli.manager, source: "docker:host" },
    docker: async (...args: string[]) => (args[0] === "info" ? "id-1\n" : ""),
  };
});
vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  containerOf: async (Id: string) => {
    if (Id === "gone") throw { stderr: "Cannot connect to the Docker daemon\n" };
    return { Id };
  },
}));

const { atContainer, endpointFor } = await import("../../../host/nodes.ts");
const { dockerEndpoint, dockerEnvironment } = await import("../../../host/docker-cli.ts");

const task = (number: number, OnNode?: string): Container =>
  ({ Id: "task", Name: "/api.1", Node: `node-${number}`, OnNode }) as unknown as Container;

/** The container and the address that commands for a task use. */
const used = (container: Container): Promise<readonly [string, string | undefined]> =>
  atContainer(container, async ({ Id }) => [Id, dockerEnvironment().DOCKER_HOST] as const);

describe("the Docker of a node", () => {
  it.each([
    [
      "is the manager itself on its own node",
      1,
      "unix:///var/run/docker.sock",
      "unix:///var/run/docker.sock",
    ],
    ["has the address in the label of the node", 2, "ssh://deploy@10.0.0.11", "tcp://10.0.0.12:2376"],
    [
      "is reached over ssh as the manager is",
      3,
      "ssh://deploy@10.0.0.11:2222",
      "ssh://deploy@10.0.0.13:2222",
    ],
  ])("%s", async (_, number, manager, expected) => {
    cli.manager = manager;
    expect(await used(task(number, "container"))).toEqual(["container", expected]);
    expect(dockerEndpoint()?.host).toBe(manager);
  });

  it("is asked for: the label of the node is missing", async () => {
    cli.manager = "unix:///var/run/docker.sock";
    await expect(used(task(3, "container"))).rejects.toMatchObject({
      message: expect.stringContaining("Docker on node-3"),
      advice: expect.stringContaining("--label-add ragdock.host=ssh://deploy@10.0.0.13 node-3"),
    });
  });

  it("does not answer, or has no container yet", async () => {
    cli.manager = "ssh://deploy@10.0.0.11";
    await expect(used(task(3, "gone"))).rejects.toThrow("Docker on node-3 does not answer");
    await expect(used(task(3))).rejects.toThrow("api.1 has no container yet");
  });
});

describe("the address of a node over ssh", () => {
  const manager = { host: "ssh://deploy@10.0.0.11:2222", source: "docker:host" };
  const reached = (Addr: string, managerAddr?: string): string | undefined =>
    endpointFor(
      {
        ...node(2),
        Status: { State: "ready", Addr },
        ...(managerAddr ? { ManagerStatus: { Addr: managerAddr } } : {}),
      },
      manager,
    )?.host;

  it.each([
    ["10.0.0.12", undefined, "ssh://deploy@10.0.0.12:2222"],
    ["2001:db8::12", undefined, "ssh://deploy@[2001:db8::12]:2222"],
    ["0.0.0.0", "10.0.0.12:2377", "ssh://deploy@10.0.0.12:2222"],
    ["::", "[2001:db8::12]:2377", "ssh://deploy@[2001:db8::12]:2222"],
    ["10.0.0.12", "0.0.0.0:2377", "ssh://deploy@10.0.0.12:2222"],
    ["0.0.0.0", "0.0.0.0:2377", undefined],
  ])("with the status %s and the manager's %s is %s", (status, managerAddress, expected) =>
    expect(reached(status, managerAddress)).toBe(expected),
  );
});

it("a container of one engine is used as it is", async () => {
  const container = { Id: "one", Name: "/api" } as unknown as Container;
  expect(await atContainer(container, async ({ Id }) => Id)).toBe("one");
});
