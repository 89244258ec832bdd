import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { TestSwarm } from "../../../tools/swarm/nodes.ts";

it("a Swarm that has not started has no folder, so that its tests can be skipped without root", () => {
  const { manager } = new TestSwarm("10.213.90.1:28000", 3);
  expect(existsSync(dirname(manager.folder))).toBe(false);
  expect(manager.host).toBe(`unix://${manager.folder}/docker.sock`);
});
