import { describe, expect, it } from "vitest";
import { isWell } from "../../../host/docker.ts";
import { containerOfTask, serviceNameOf, type Task } from "../../../host/tasks.ts";

const second = 1e9;

/** A task of a Swarm in a state, as `docker inspect` describes it. */
const task = (State: string, Err?: string): Task => ({
  ID: "t1",
  CreatedAt: "2026-11-27T01:00:00Z",
  ServiceID: "s1",
  Slot: 2,
  NodeID: "n1",
  DesiredState: "running",
  Spec: {
    ContainerSpec: {
      Image: "registry.example.org/web:1@sha256:0",
      Labels: { "ragdock.service": "web", "ragdock.kind": "stateless" },
      Healthcheck: {
        Interval: 5 * second,
        Timeout: 5 * second,
        StartPeriod: 30 * second,
        Retries: 1_000_000,
      },
    },
  },
  Status: {
    State,
    Timestamp: "2026-11-27T01:01:00Z",
    ...(Err ? { Err } : {}),
    ContainerStatus: { ExitCode: 3 },
  },
});

const service = { ID: "s1", Spec: { Name: "ragdock-dev-web-0", Mode: { Replicated: { Replicas: 3 } } } };

const container = (state: string, error?: string) =>
  containerOfTask(task(state, error), { service, node: "node-2", failed: [task("failed")] });

describe("a task of a Swarm", () => {
  it("is healthy when Swarm says that it runs, because Swarm waits for its health check", () => {
    const running = container("running");
    expect(isWell(running)).toBe(true);
    expect(running).toMatchObject({
      Id: "t1",
      Name: "/ragdock-dev-web-0.2",
      Node: "node-2",
      Service: "ragdock-dev-web-0",
      Replicas: 3,
      RestartCount: 1,
      State: { Status: "running", StartedAt: "2026-11-27T01:01:00Z" },
    });
  });

  it("of a service with one on each node has the name of the service, although the node's name has dots", () => {
    const { Slot: _, ...onEachNode } = task("running");
    const node = "ip-10-0-0-1.eu-west-1.compute.internal";
    const running = containerOfTask(onEachNode, { service, node, failed: [] });
    expect(running.Name).toBe(`/ragdock-dev-web-0.${node}`);
    expect(serviceNameOf(running)).toBe("ragdock-dev-web-0");
  });

  it.each(["assigned", "preparing", "starting"])("starts while it is %s", (state) => {
    expect(container(state).State).toMatchObject({ Status: "running", Health: { Status: "starting" } });
  });

  it("was never started while no node takes it, and the reason is known", () => {
    const { State } = container("pending", "no suitable node (scheduling constraints not satisfied)");
    expect(State).toMatchObject({ Status: "created", Error: expect.stringContaining("no suitable node") });
    expect(State.Health).toBeUndefined();
  });

  it.each(["failed", "rejected", "complete"])("has ended when it is %s", (state) => {
    expect(container(state).State).toMatchObject({ Status: "exited", ExitCode: 3 });
  });

  it("names the reason for which a node rejected the task before it, while it does not run", () => {
    const failed = [task("failed", "exit 1"), task("rejected", "No such image: web")];
    const next = (state: string, all = failed) =>
      containerOfTask(task(state), { service, node: "node-2", failed: all });
    expect(next("preparing")).toMatchObject({ RestartCount: 2, Rejected: 1 });
    expect(next("preparing").State.Error).toBe("No such image: web");
    expect(next("running").State.Error).toBe("");
    expect(next("preparing", failed.toReversed()).State.Error).toBe("");
  });

  it("has a bounded wait, although a store is never unhealthy in a Swarm", () => {
    expect(container("starting").Config.Healthcheck?.Retries).toBe(30);
  });
});
