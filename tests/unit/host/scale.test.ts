/** Tests the waits with a fake Swarm. tests/slow/swarm-full.test.ts stops and starts real tasks. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Container } from "../../../host/docker.ts";

const swarm = vi.hoisted(() => ({ calls: [] as string[], tasks: [] as Container[], state: "running" }));

vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  containersOf: async () => swarm.tasks,
  docker: async (...args: string[]) => {
    if (args[1] === "update") swarm.calls.push(args.slice(4).join(" "));
    return args[1] === "inspect" ? "updating\n" : "t1\n";
  },
}));
// Vitest's timers do not replace these.
vi.mock("node:timers/promises", () => ({
  setTimeout: (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}));
vi.mock("../../../host/tasks.ts", async (original) => ({
  ...(await original<object>()),
  inspectTasks: async () => [{ NodeID: "n2", Status: { State: swarm.state } }],
  nodesOfSwarm: async () => nodes,
}));

const node = (number: number, State: string) => ({
  ID: `n${number}`,
  Status: { State },
  Description: { Hostname: `node-${number}` },
});
const nodes = [node(1, "ready"), node(2, "disconnected"), node(3, "down")];

const { mayRunOn, replaceTasks, startTasks, stopTasks } = await import("../../../host/scale.ts");

const task = (Status: string, health = "healthy"): Container =>
  ({
    ...{ Name: "/api.1", Service: "ragdock-dev-api", Replicas: 3 },
    Config: { Labels: { "ragdock.stack": "dev" } },
    State: { Status, Health: { Status: health } },
  }) as unknown as Container;

/** The result of a wait after these minutes. Undefined if it has not ended. */
async function resultAfter<T>(minutes: number, work: Promise<T>): Promise<T | Error | undefined> {
  let result: T | Error | undefined;
  work.then(
    (value) => (result = value),
    (error) => (result = error),
  );
  await vi.advanceTimersByTimeAsync(minutes * 60_000);
  return result;
}

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(swarm, { calls: [], tasks: [], state: "running" });
});

const on = (NodeID: string, State: string) => ({ NodeID, Status: { State, Timestamp: "" } });

it.each([
  ["a container that still stops", [on("n1", "running")], ["node-1 (ready)"]],
  ["a container that has not started", [on("n1", "preparing")], ["node-1 (ready)"]],
  ["containers that have ended", [on("n1", "shutdown"), on("n1", "failed")], []],
  ["a container on a node that is down, of whose end Swarm does not hear", [on("n3", "running")], []],
  ["a container on each of them", [on("n2", "running"), on("n3", "running")], ["node-2 (disconnected)"]],
])("waits for %s: %j is on %j", (_, tasks, expected) => expect(mayRunOn(tasks, nodes)).toEqual(expected));

describe("a service", () => {
  it("is not waited for without end, if a node does not tell that its container ended", async () => {
    const stopped = stopTasks([task("running")]);
    expect(await resultAfter(4, stopped)).toBeUndefined();
    expect(await resultAfter(2, stopped)).toMatchObject({
      message: "The containers of ragdock-dev-api did not end within 5 minutes on node-2 (disconnected).",
      advice: expect.stringContaining("docker node ls"),
    });
  });

  it("is stopped when its containers have ended", async () => {
    swarm.state = "shutdown";
    await stopTasks([task("running"), task("running")]);
    expect(swarm.calls).toEqual(["--replicas 0 ragdock-dev-api"]);
  });

  it("gets all its replicas again, and is healthy with as many as ran before", async () => {
    const stopped = [task("running"), task("running"), task("created")];
    swarm.tasks = [task("running"), task("running", "starting")];
    const started = startTasks(stopped);
    expect(await resultAfter(1, started)).toBeUndefined();
    expect(swarm.calls).toEqual(["--replicas 3 ragdock-dev-api"]);
    swarm.tasks = [task("running"), task("running"), task("created")];
    expect(await resultAfter(1, started)).toBe(true);
    swarm.tasks = [];
    expect(await resultAfter(6, startTasks(stopped))).toBe(false);
  });

  it("whose replacement does not end is not healthy", async () => {
    expect(await resultAfter(6, replaceTasks("ragdock-dev-api"))).toBe(false);
  });
});
