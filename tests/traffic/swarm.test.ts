/**
 * Brings up a small stack on a Swarm of three engines, and drains a node under requests.
 * tools/swarm/nodes.ts says what these engines do not prove. tests/slow/swarm*.test.ts have whole
 * systems, secrets, backups and lost nodes.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { volumeNodeLabel } from "../../config/spec/swarm.ts";
import { eventually } from "../../tools/eventually.ts";
import { SwarmLab } from "../../tools/swarm/lab.ts";
import { open, unwatchedIn } from "../support/program.ts";
import { TestStack } from "../support/stack.ts";
import { askedDuring, containersOn, describeSwarm, lines } from "../support/swarm.ts";

const name = "traffic-swarm";
const port = 28_181;
const lab = new SwarmLab(28_180);
const { swarm } = lab;
const stack = new TestStack(name, {});
const settings = {
  ...{ system: "financerag", environment: "prod", ingress: open },
  ...{ embeddings: { provider: "local" }, llm: { provider: "none" } },
  services: {
    financerag: { port, replicas: 2, environment: { WEB_CONCURRENCY: "1" } },
    ...unwatchedIn("financerag"),
  },
};
const placed = (service: string): Promise<number[]> => containersOn(swarm, name, service);

describeSwarm("a stack on a Swarm of three nodes", () => {
  beforeAll(async () => {
    await lab.start();
    const label = (node: number, text: string) =>
      swarm.manager.docker("node", "update", "--label-add", text, `node-${node}`);
    for (const [index, zone] of ["a", "b", "b"].entries()) await label(index + 1, `zone=${zone}`);
    for (const node of [1, 2]) await label(node, "public=true");
    await label(1, `${volumeNodeLabel(`ragdock-${name}-chroma-data`)}=true`);
    const labels = { swarm: { spread: "zone", ingressNodes: "public" } };
    const docker = { "docker:host": swarm.manager.host };
    stack.configure({ ...(await lab.served(name, settings)), ...labels }, docker);
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
  });

  afterAll(async () => {
    await stack.make("down");
    await lab.stop();
    await stack.remove();
  });

  it("has its ports, its data and its replicas on the nodes with their labels", async () => {
    expect(await placed("ingress")).toEqual([1, 1, 0]);
    expect(await placed("chroma")).toEqual([1, 0, 0]);
    const [first, second = 0, third = 0] = await placed("financerag");
    expect([first, second + third]).toEqual([1, 1]);
  });

  it("fails no request while a node is drained, whose replica then runs on another one", async () => {
    const { manager } = swarm;
    const drained = (await placed("financerag"))[1] === 1 ? 2 : 3;
    const { sent, failed } = await askedDuring(`http://${manager.address}:${port}/health`, async () => {
      await manager.docker("node", "update", "--availability", "drain", `node-${drained}`);
      await eventually(async () => {
        const all = await placed("financerag");
        return (all[drained - 1] === 0 && all.reduce((sum, one) => sum + one, 0) === 2) || undefined;
      }, 90);
    });
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(200);
  });

  it("leaves only its data after `down`", async () => {
    const { code, output } = await stack.make("down");
    expect(code, output).toBe(0);
    expect(output).toContain(`ragdock-${name}-chroma-data (node-1)`);
    for (const kind of ["service", "secret", "config"])
      expect(lines(await swarm.manager.docker(kind, "ls", "-q")), kind).toEqual([]);
    const volumes = await Promise.all(swarm.nodes.map((node) => node.docker("volume", "ls", "-q")));
    expect(lines(volumes.join("\n"))).toEqual([`ragdock-${name}-chroma-data`]);
  });
});
