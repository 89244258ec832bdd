/** Tests which tasks of a Swarm a restore stops, and what happens if one does not stop. */
import { beforeEach, expect, it, vi } from "vitest";
import { Progress } from "../../../cli/ui/progress.ts";
import type { Container } from "../../../host/docker.ts";
import { systemWith } from "../../support/program.ts";

const swarm = vi.hoisted(() => ({ calls: [] as string[], refuses: "" }));

const task = (service: string, Status: string): Container =>
  ({
    ...{ Name: `/${service}.1`, Service: `ragdock-dev-${service}` },
    State: { Status },
    Config: { Labels: { "ragdock.service": service } },
  }) as unknown as Container;

vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  onSwarm: () => true,
  containersOf: async () => [task("web", "created"), task("redis", "running"), task("ingress", "running")],
}));
vi.mock("../../../host/scale.ts", () => ({
  stopTasks: async ([first]: Container[]) => {
    swarm.calls.push(`stop ${first?.Name}`);
    if (first?.Name.includes(swarm.refuses)) throw new Error("it does not end");
  },
  startTasks: async ([first]: Container[]) => {
    swarm.calls.push(`start ${first?.Name}`);
    return true;
  },
}));

const { stopAround } = await import("../../../cli/data/clients.ts");
const { partsOf } = await import("../../../cli/data/parts.ts");

const m31 = systemWith({ system: "m31" });

async function stopped(): Promise<string[]> {
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const progress = new Progress("ragdock-dev-");
  try {
    return (await stopAround("dev", m31, partsOf(m31), progress)).map(({ Name }) => Name);
  } finally {
    progress.end();
    written.mockRestore();
  }
}

beforeEach(() => void Object.assign(swarm, { calls: [], refuses: "none" }));

it("a task that waits for a node is stopped too, because it could start during the restore", async () => {
  expect(await stopped()).toEqual(["/web.1", "/redis.1"]);
  expect(swarm.calls).toEqual(["stop /web.1", "stop /redis.1"]);
});

it("all services start again if one of them does not stop", async () => {
  swarm.refuses = "redis";
  await expect(stopped()).rejects.toThrow("it does not end");
  expect(swarm.calls.slice(2).sort()).toEqual(["start /redis.1", "start /web.1"]);
});
