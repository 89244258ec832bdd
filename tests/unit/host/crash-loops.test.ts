/**
 * Tests the watch with a fake Docker. tests/traffic/full.test.ts lets a real container crash.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchCrashLoops, withoutRemoved } from "../../../host/crash-loops.ts";
import type { Container } from "../../../host/docker.ts";

let containers: Container[] = [];
const calls: string[] = [];

vi.mock("../../../host/docker.ts", () => ({
  containersOf: async () => containers,
  docker: async (...args: string[]) => void calls.push(args.join(" ")),
  dockerEnvironment: () => ({}),
  isJob: ({ Config }: Container) => Config.Labels["ragdock.kind"] === "job",
}));
vi.mock("../../../host/describe.ts", () => ({
  describe: async (_: string, { Name }: Container) => ({ problem: `${Name} crashed.`, evidence: [] }),
}));
vi.mock("node:child_process", async () => {
  const { EventEmitter } = await import("node:events");
  return {
    spawn: () => {
      const child = new EventEmitter();
      process.nextTick(() => child.emit("close"));
      return child;
    },
  };
});
const folder = mkdtempSync(join(tmpdir(), "ragdock-crashes-"));
vi.mock("../../../host/paths.ts", () => ({
  get projectDir() {
    return folder;
  },
}));
afterAll(() => rmSync(folder, { recursive: true }));

const container = (id: string, over: Partial<Container> = {}, kind = "stateless"): Container =>
  ({
    Id: id.repeat(64),
    Name: `/stack-api-${id}`,
    RestartCount: 5,
    State: { Health: { Status: "starting", Log: [{ ExitCode: 1 }] } },
    Config: { Labels: { "ragdock.kind": kind } },
    ...over,
  }) as unknown as Container;

beforeEach(() => {
  vi.useFakeTimers();
  containers = [];
  calls.length = 0;
});
afterEach(() => vi.useRealTimers());

/** Runs the watch on these containers. Those in `before` exist before it starts. */
async function watched(before: Container[], after: Container[]): Promise<string[]> {
  const reports: string[] = [];
  watchCrashLoops("stack", before, async (report) => {
    // Docker keeps the container until it has been reported.
    expect(calls).toHaveLength(reports.length);
    reports.push(report);
  });
  containers = [...before, ...after];
  await vi.advanceTimersByTimeAsync(9000);
  return reports;
}

it("reports a new container that crashes, and removes it once", async () => {
  const reports = await watched([], [container("a")]);
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatch(
    /^\/stack-api-a crashed\.\n {2}It crashed 5 times and was never healthy, so it was removed \(container a{12}\)\. Its whole log: \S+stack-api-a\.log\n {2}Next: make up STACK=stack$/,
  );
  expect(calls).toEqual([`rm --force ${"a".repeat(64)}`]);
});

it("does not touch containers that ran before, were healthy in between or crash seldom, and no jobs", async () => {
  const State = { Health: { Status: "unhealthy", Log: [{ ExitCode: 0 }] } };
  const passed = { State } as unknown as Partial<Container>;
  const reports = await watched(
    [container("a", passed)],
    [container("b", passed), container("c", {}, "job"), container("d", { RestartCount: 4 })],
  );
  expect(reports).toEqual([]);
  expect(calls).toEqual([]);
});

it("stops a container that crashes slowly after fewer restarts", async () => {
  const State = { ...container("x").State, StartedAt: "2026-01-01T00:01:00Z" };
  const slow = { Created: "2026-01-01T00:00:00Z", State, RestartCount: 2 };
  const seldom = { ...slow, RestartCount: 1 };
  const quick = { ...slow, RestartCount: 4 };
  const reports = await watched([], [container("a", slow), container("b", seldom), container("c", quick)]);
  expect(reports).toHaveLength(1);
  expect(reports[0]).toContain("It crashed 2 times and was never healthy, so it was removed");
});

it("stops a container that was already crashing before the deployment, and reports nothing", async () => {
  expect(await watched([container("a"), container("b", {}, "stateful")], [])).toEqual([]);
  expect(calls).toEqual([`stop ${"a".repeat(64)}`]);
});

it("hides the provider's error about a container that it removed, and no other error", () => {
  const [report = ""] = ["It crashed 5 times, and was removed (container aaaaaaaaaaaa). Its log: x"];
  const echo = `error inspecting container state: No such container: ${"a".repeat(64)}`;
  const other = `error inspecting container state: No such container: ${"b".repeat(64)}`;
  expect(withoutRemoved([echo, report, other])).toEqual([report, other]);
});
