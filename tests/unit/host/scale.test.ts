import { expect, it } from "vitest";
import { runAnywhere } from "../../../host/scale.ts";

const nodes = [
  { ID: "n1", Status: { State: "ready" } },
  { ID: "n2", Status: { State: "down" } },
];
const task = (NodeID: string, State: string) => ({ NodeID, Status: { State, Timestamp: "" } });

it.each([
  ["a container that still stops", [task("n1", "running")], true],
  ["a container that has not started", [task("n1", "preparing")], true],
  ["containers that have ended", [task("n1", "shutdown"), task("n1", "failed")], false],
  ["a container on a node that is down, of whose end Swarm does not hear", [task("n2", "running")], false],
  ["a container on each of them", [task("n1", "running"), task("n2", "running")], true],
])("waits for %s: %j is %s", (_, tasks, expected) => expect(runAnywhere(tasks, nodes)).toBe(expected));
