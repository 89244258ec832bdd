/**
 * Moves a stack of `full` from one engine to a Swarm of three and back, as
 * docs/guide/several-machines.md says. tools/swarm/nodes.ts says what these engines do not prove. The
 * one engine is also a node of the Swarm.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LabStack, type Served, SwarmLab } from "../../tools/swarm/lab.ts";
import { open } from "../support/program.ts";
import { Rag } from "../support/rag.ts";
import { projectDir } from "../support/stack.ts";
import { describeSwarm } from "../support/swarm.ts";

const name = "swarm-moving";
const port = 28_155;
const lab = new SwarmLab(28_154);
const { swarm } = lab;
const own = { system: "full", environment: "prod", ingress: open, services: { gateway: { port } } };
const rag = new Rag(port, swarm.manager.address);
let onSwarm: Served;
let stack: LabStack;

/** Runs a command, and returns its output. */
async function run(command: string, ...args: string[]): Promise<string> {
  const { code, output } = await stack.make(command, args);
  expect(code, `${command}: ${output}`).toBe(0);
  return output;
}

/** Stops the stack after a backup, and starts it with other settings and the data of the backup. */
async function move(settings: Served): Promise<void> {
  await run("backup");
  await run("drill");
  await run("down");
  stack.configure(settings);
  await run("up");
  await run("restore", "--confirm", name);
}

describeSwarm("a stack that moves to a Swarm and back", () => {
  beforeAll(async () => {
    await lab.start();
    onSwarm = await lab.served(name, own);
    stack = new LabStack(name, { ...onSwarm, target: "engine" }, { "docker:host": swarm.manager.host });
    await run("up");
  }, 1_200_000);

  afterAll(async () => {
    await stack?.make("down");
    await lab.stop();
    stack?.remove();
    rmSync(join(projectDir, ".ragdock/backups", name), { recursive: true, force: true });
  }, 300_000);

  it("has its documents on three nodes", { timeout: 900_000 }, async () => {
    await rag.upload("first.txt", "text/plain", "Crate 1 holds a brass lantern.");
    await move(onSwarm);
    expect(await rag.names()).toEqual(["first.txt"]);
    expect((await rag.ask("What does crate 1 hold?")).sources[0]?.text).toContain("brass lantern");
    const status = await run("status");
    for (const node of swarm.nodes) expect(status).toContain(node.name);
  });

  it("has its documents, and those that came later, on one engine again", { timeout: 900_000 }, async () => {
    await rag.upload("second.txt", "text/plain", "Crate 2 holds a copper kettle.");
    await move({ ...onSwarm, target: "engine" });
    expect(await rag.names()).toEqual(["first.txt", "second.txt"]);
    expect((await rag.ask("What does crate 2 hold?")).sources[0]?.text).toContain("copper kettle");
    expect((await swarm.manager.docker("service", "ls", "-q")).trim()).toBe("");
  });
});
