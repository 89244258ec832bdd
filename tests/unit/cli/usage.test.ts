/** Tests which containers are measured on a Swarm, with a fake Docker. */
import { beforeEach, expect, it, vi } from "vitest";
import type { Container } from "../../../host/docker.ts";

const calls = vi.hoisted(() => [] as string[]);

vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  docker: async (...args: string[]) => {
    if (args[0] === "info") return "systemd\n";
    if (args[0] === "ps") return "container-a\ncontainer-x\n";
    calls.push(args.join(" "));
    return args
      .filter((arg) => arg.startsWith("container-"))
      .map((id) => `${id}\t1.50%\t20MiB / 64MiB\n`)
      .join("");
  },
}));
vi.mock("../../../host/nodes.ts", () => ({
  atContainer: async (container: Container, work: (one: Container) => Promise<unknown>) => {
    if (!container.OnNode) throw new Error("has no container yet");
    return work(container);
  },
}));

const { usageOf } = await import("../../../cli/ui/usage.ts");

const task = (Id: string, OnNode?: string): Container =>
  ({ Id, Node: "node-1", State: { Status: "running" }, ...(OnNode ? { OnNode } : {}) }) as Container;

beforeEach(() => void calls.splice(0));

it("the usage of a node is that of its running containers, although a task begins", async () => {
  const all = [task("begins"), task("a", "container-a"), task("created", "container-b")];
  expect([...(await usageOf(all))]).toEqual([["a", { cpuPercent: 1.5, memory: "20MiB / 64MiB" }]]);
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatch(/ container-a$/);
});

it("nothing is measured on a node whose tasks all begin", async () => {
  expect((await usageOf([task("begins"), task("created", "container-b")])).size).toBe(0);
  expect(calls).toEqual([]);
});
