import { beforeEach, expect, it, vi } from "vitest";
import type { Container } from "../../../host/docker.ts";

const docker = vi.hoisted(() => ({ tasks: [] as Container[], removed: [] as string[] }));

vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  containersOf: async () => docker.tasks,
  docker: async (...args: string[]) => {
    docker.removed.push(args.join(" "));
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

/** A task of a service, after others that failed in its place. */
const task = (service: string, RestartCount: number, health = "starting"): Container =>
  ({
    Id: `task of ${service}`,
    Name: `/ragdock-dev-${service}.node-2.example.org`,
    Service: `ragdock-dev-${service}`,
    Node: "node-2.example.org",
    RestartCount,
    State: { Status: "running", Health: { Status: health } },
  }) as unknown as Container;

/** The reports of a watch that began with some tasks, and saw others later. */
async function watched(before: readonly Container[], after: readonly Container[]): Promise<string[]> {
  const reports: string[] = [];
  docker.tasks = [...before];
  watchServices("dev", async (report) => reports.push(report));
  await vi.advanceTimersByTimeAsync(0);
  docker.tasks = [...after];
  await vi.advanceTimersByTimeAsync(9000);
  return reports;
}

beforeEach(() => {
  vi.useFakeTimers();
  docker.removed = [];
});

it("reports a new service whose tasks fail, and removes it once", async () => {
  const reports = await watched([], [task("api-1", 3), task("api-1", 4)]);
  expect(reports).toHaveLength(1);
  expect(reports[0]).toContain("ragdock-dev-api-1 fails.");
  expect(docker.removed).toEqual(["service rm ragdock-dev-api-1"]);
  const echo = "Error response from daemon: service ragdock-dev-api-1 not found";
  expect(withoutRemoved([echo, reports[0] as string])).toEqual(reports);
});

it("leaves alone what ran before, what is healthy, and what has failed twice", async () => {
  const old = task("postgres-1", 4);
  expect(await watched([old], [old, task("api-1", 5, "healthy"), task("ui-1", 2)])).toEqual([]);
  expect(docker.removed).toEqual([]);
});
