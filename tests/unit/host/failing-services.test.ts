import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Container } from "../../../host/docker.ts";

const swarm = vi.hoisted(() => ({
  before: "",
  tasks: [] as Container[],
  removed: [] as string[],
  refusal: undefined as string | undefined,
}));

vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  containersOf: async () => swarm.tasks,
  docker: async (...args: string[]) => {
    if (args[1] === "ls") return swarm.before;
    if (swarm.refusal) throw Object.assign(new Error("failed"), { stderr: swarm.refusal });
    swarm.removed.push(args.join(" "));
    return "";
  },
}));
vi.mock("../../../host/describe.ts", () => ({
  describe: async (_: string, { Id }: Container) => ({
    service: "api",
    problem: `${Id} fails.`,
    evidence: [],
    next: "",
  }),
}));

const { withoutRemoved } = await import("../../../host/crash-loops.ts");
const { watchServices } = await import("../../../host/failing-services.ts");

/** A task of a service, after others in its place that failed, some of which a node rejected. */
const task = (service: string, RestartCount: number, health = "starting", Rejected = 0): Container =>
  ({
    Id: `task of ${service}`,
    Name: `/ragdock-dev-${service}.node-2.example.org`,
    Service: `ragdock-dev-${service}`,
    Node: "node-2.example.org",
    RestartCount,
    Rejected,
    State: { Status: "running", Health: { Status: health } },
    Config: { Labels: {} },
  }) as unknown as Container;

const job = { Name: "/ragdock-dev-migrate", RestartCount: 9, Config: { Labels: {} } } as unknown as Container;

/** The reports of a watch. Each look sees the next tasks, and the last ones again. */
async function watched(...looks: readonly Container[][]): Promise<string[]> {
  const reports: string[] = [];
  await watchServices("dev", async (report) => reports.push(report));
  for (const tasks of looks) {
    swarm.tasks = tasks;
    await vi.advanceTimersByTimeAsync(4000);
  }
  await vi.advanceTimersByTimeAsync(8000);
  return reports;
}

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(swarm, { before: "", tasks: [], removed: [], refusal: undefined });
});

describe("a new service", () => {
  it("whose tasks fail in each place is reported, and removed once", async () => {
    const reports = await watched([job, task("api-1", 3), task("api-1", 4)]);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain("ragdock-dev-api-1 fails.");
    expect(reports[0]).toContain("none was seen healthy");
    expect(swarm.removed).toEqual(["service rm ragdock-dev-api-1"]);
    const echo = "Error response from daemon: service ragdock-dev-api-1 not found";
    expect(withoutRemoved([echo, reports[0] as string])).toEqual(reports);
  });

  it("is left alone if one node or replica is bad, or if a task was healthy once", async () => {
    const bad = task("ingress-1", 4);
    expect(await watched([bad, task("ingress-1", 0, "healthy")])).toEqual([]);
    expect(await watched([bad, task("ingress-1", 0)])).toEqual([]);
    expect(await watched([task("api-1", 0, "healthy")], [task("api-1", 4)])).toEqual([]);
    expect(await watched([task("api-1", 5, "healthy"), task("ui-1", 2)])).toEqual([]);
    expect(swarm.removed).toEqual([]);
  });

  it("has two minutes to pull its image, before tasks that a node rejected count", async () => {
    const reports = await watched([task("api-1", 4, "starting", 4)]);
    expect(reports).toEqual([]);
    await vi.advanceTimersByTimeAsync(90_000);
    expect(reports).toEqual([]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(reports).toHaveLength(1);
  });

  it("may have gone meanwhile", async () => {
    swarm.refusal = "Error response from daemon: service ragdock-dev-api-1 not found\n";
    expect(await watched([task("api-1", 3)])).toHaveLength(1);
  });

  it("is not called removed if Docker refuses to remove it", async () => {
    swarm.refusal = "Error response from daemon: rpc error: the swarm does not have a leader\n";
    const reports = await watched([task("api-1", 3)]);
    expect(reports).toHaveLength(2);
    expect(reports[1]).toBe(
      "The service ragdock-dev-api-1 could not be removed: Error response from daemon: rpc error: the swarm does not have a leader\n  Next: docker service rm ragdock-dev-api-1",
    );
  });
});

it("a service that existed before is left alone, even if it had no task", async () => {
  swarm.before = "ragdock-dev-postgres-1\n";
  expect(await watched([task("postgres-1", 4)])).toEqual([]);
  expect(swarm.removed).toEqual([]);
});
