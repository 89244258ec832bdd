/**
 * Runs `full` on a Swarm of three engines, which share one machine: tools/swarm/nodes.ts says what
 * that does not prove. No load balancer stands in front of the nodes: the requests go to them in
 * turn. cAdvisor has no image without a registry, so only node-exporter measures the nodes.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { useDocker } from "../../host/docker.ts";
import { eventually } from "../../tools/eventually.ts";
import { changes, done, killedNode, placeData, suffer, type World } from "../../tools/swarm/cases.ts";
import { LabStack, SwarmLab } from "../../tools/swarm/lab.ts";
import { open } from "../support/program.ts";
import { Rag } from "../support/rag.ts";
import { projectDir } from "../support/stack.ts";
import { describeSwarm } from "../support/swarm.ts";

const name = "swarm-full";
const port = 28_195;
const lab = new SwarmLab(28_194);
const { swarm } = lab;
const own = {
  ...{ system: "full", environment: "prod", ingress: open },
  monitoring: { scrapeInterval: "5s" },
  services: { gateway: { port } },
};
let world: World;

/** What Prometheus answers to a query, by the value of one label. */
async function query(expression: string, label: string): Promise<string[]> {
  const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(expression)}`;
  const { code, output } = await world.stack.make("exec", ["prometheus", "--", "wget", "-qO-", url]);
  if (code !== 0) throw new Error(output);
  const { data } = JSON.parse(output) as { data: { result: { metric: Record<string, string> }[] } };
  return data.result.map(({ metric }) => metric[label] ?? "").sort();
}

describeSwarm("full on a Swarm of three nodes", () => {
  beforeAll(async () => {
    await lab.start();
    const settings = await lab.served(name, own);
    const docker = { "docker:host": swarm.manager.host };
    world = { lab, settings, port, stack: new LabStack(name, settings, docker) };
    await useDocker({ host: swarm.manager.host, target: "swarm" });
    await placeData(world);
    await done(world, "up");
  }, 1_200_000);

  afterAll(async () => {
    await world?.stack.make("down");
    await lab.stop();
    world?.stack.remove();
    rmSync(join(projectDir, ".ragdock/backups", name), { recursive: true, force: true });
  }, 300_000);

  it("changes nothing in a second run, and shows no drift", async () => {
    expect((await world.stack.make("up")).output).toContain("Nothing created, updated or replaced");
    const drift = await world.stack.make("drift");
    expect(drift.code, drift.output).toBe(0);
  });

  it("measures each node, under its name", async () => {
    const names = swarm.nodes.map((node) => node.name);
    expect(await eventually(async () => asMany(await query("node_uname_info", "nodename"), 3), 90)).toEqual(
      names,
    );
    expect(await eventually(async () => asMany(await query('up{job="api"}', "job"), 2), 90)).toEqual([
      "api",
      "api",
    ]);
  });

  it("is healthy in `make health`, with readiness, alerts and the use of each container", async () => {
    const health = await eventually(async () => {
      const ran = await world.stack.make("health");
      return ran.code === 0 ? ran : Promise.reject(new Error(ran.output));
    }, 180);
    expect(health.output).toContain("api is ready");
    expect(health.output).toMatch(/Prometheus: (\d+) of \1 targets serve metrics/);
    const status = await world.stack.make("status");
    for (const node of swarm.nodes) expect(status.output).toContain(node.name);
    expect(status.output).toMatch(/postgres +healthy +node-2 .*\dMiB/);
    expect(status.output).toMatch(/swarm-full-postgres-data +\S+ [KMG]iB/);
  });

  it.each(changes)("fails no request: $name", { timeout: 600_000 }, async (change) => {
    const { failures, sent } = await suffer(change, world);
    expect(failures).toEqual({});
    expect(sent).toBeGreaterThan(500);
  });

  it("has everything without data elsewhere within 30 s after a node is killed, and nothing twice", {
    timeout: 600_000,
  }, async () => {
    const { seconds, failures, sent } = await suffer(killedNode, world);
    expect(seconds).toBeLessThan(30);
    // Requests that were on their way to the node, or on it.
    expect(Object.values(failures).reduce((sum, count) => sum + count, 0)).toBeLessThan(sent / 20);
    // Until the manager sees the node again, it knows only what ran there before.
    await eventually(async () => {
      const { output } = await world.stack.make("health");
      const isWhole =
        /All \d+ containers are healthy/.test(output) && !output.includes("containers instead of");
      return isWhole || Promise.reject(new Error(output));
    }, 180);
  });

  it("backs up the data on its nodes, and restores a backup as a test", async () => {
    await rag.upload("first.txt", "text/plain", "Crate 1 holds a brass lantern.");
    await done(world, "backup");
    await done(world, "drill");
    await rag.upload("second.txt", "text/plain", "Crate 2 holds a copper kettle.");
    expect(await rag.names()).toEqual(["first.txt", "second.txt"]);
    await done(world, "restore", "--confirm", name);
    expect(await rag.names()).toEqual(["first.txt"]);
  });

  it("says what is down when the node of its database is lost, and restores it on another one", {
    timeout: 600_000,
  }, async () => {
    const [manager, node] = swarm.nodes;
    await node?.kill();
    const health = await eventually(async () => {
      const ran = await world.stack.make("health");
      return ran.output.includes("postgres does not run") ? ran : undefined;
    }, 120);
    expect(health.output).toContain("its data is on node-2, which is down");
    const [, label = ""] = /docker (node update --label-rm \S*postgres\S* node-2)/.exec(health.output) ?? [];
    await manager?.docker(...label.split(" "));
    const refused = await world.stack.make("up");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(
      `volume ragdock-${name}-postgres-data, the data of postgres, is on no node`,
    );
    const up = await world.stack.make("up", ["--confirm", name]);
    expect(up.output).toMatch(/postgres +healthy +node-[13]/);
    // The newest backup is the one that the last restore made of the data before it.
    await done(world, "restore", "--confirm", name);
    expect(await rag.names()).toEqual(["first.txt"]);
    expect((await rag.ask("What does crate 1 hold?")).sources[0]?.text).toContain("brass lantern");
  });
});

const rag = new Rag(port, swarm.manager.address);

const asMany = <T>(all: T[], count: number): T[] | undefined => (all.length === count ? all : undefined);
