/**
 * Brings financerag up on a Swarm of three engines, which share one machine: tools/swarm/nodes.ts
 * says what that does not prove. The images come from a registry on this machine, so the test does
 * not prove a login, or TLS between a node and a registry.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { volumeNodeLabel } from "../../config/spec/swarm.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { imagePusher } from "../../host/push.ts";
import { eventually } from "../../tools/eventually.ts";
import { type Served, SwarmLab } from "../../tools/swarm/lab.ts";
import { machine } from "../../tools/swarm/nodes.ts";
import { OpenAIServer } from "../support/openai-server.ts";
import { open } from "../support/program.ts";
import { docker, TestStack } from "../support/stack.ts";
import { containersOn, describeSwarm, lines } from "../support/swarm.ts";
import { fact, handbook, question, SmallRag } from "../systems/small-rag.ts";

const name = "swarm-test";
const registryPort = 28_190;
const port = 28_191;
const key = "openai-canary-5c11aa";
const openai = new OpenAIServer(key, 1536);
const lab = new SwarmLab(registryPort);
const { swarm } = lab;
const stack = new TestStack(name, {});
const dockerSettings = { "docker:host": swarm.manager.host };
let served: Served;

/** The number of containers of a service on each node. */
const placed = (service: string): Promise<number[]> => containersOn(swarm, name, service);

describeSwarm("financerag on a Swarm of three nodes", () => {
  beforeAll(async () => {
    await lab.start();
    const provider = new URL(await openai.start());
    provider.hostname = machine;
    const own = {
      ...{ system: "financerag", environment: "prod", ingress: open },
      ...{ embeddings: { baseUrl: provider.href }, llm: { baseUrl: provider.href } },
      services: { financerag: { port } },
    };
    served = await lab.served(name, own, ["openaiApiKey"]);
    stack.configure(served, dockerSettings);
    await stack.secret("openaiApiKey", key);
    // On the manager, the provider itself waits for the end of containers.
    const label = `${volumeNodeLabel(`ragdock-${name}-chroma-data`)}=true`;
    await swarm.manager.docker("node", "update", "--label-add", label, "node-2");
  }, 1_200_000);

  afterAll(async () => {
    await stack.make("down");
    await lab.stop();
    await stack.remove();
    openai.stop();
  }, 300_000);

  it("has its replicas and its ingress on all nodes, and its store on one", async () => {
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(await placed("financerag")).toEqual([1, 1, 1]);
    expect(await placed("ingress")).toEqual([1, 1, 1]);
    expect(await placed("chroma")).toEqual([0, 1, 0]);
  });

  it("answers on each node, with the key from a secret of Swarm", async () => {
    const clients = swarm.nodes.map(({ address }) => new SmallRag(port, "", address));
    await clients[0]?.upload("handbook.md", handbook);
    for (const client of clients) {
      const { answer, sources } = await client.ask(question);
      expect(sources[0]?.text).toContain(fact);
      expect(answer).toContain("From the model:");
    }
    const { manager } = swarm;
    const inspected = async (kind: string): Promise<string> =>
      manager.docker(kind, "inspect", ...lines(await manager.docker(kind, "ls", "-q")));
    const all = (await Promise.all(["service", "secret", "config"].map(inspected))).join("\n");
    for (const text of [key, Buffer.from(key).toString("base64")]) expect(all).not.toContain(text);
    expect(all).toContain("/run/secrets/openai-api-key");
    expect(stack.stateText()).not.toContain(key);
  });

  it("restarts a service task by task", async () => {
    const tasks = async (): Promise<string[]> =>
      lines(await swarm.manager.docker("ps", "-q", "--filter", "label=ragdock.service=financerag"));
    const before = await tasks();
    const { code, output } = await stack.make("restart", "--service", "financerag");
    expect(code, output).toBe(0);
    expect(output).toMatch(/^financerag restarted, healthy after/m);
    // The last container still ends, within its grace period. Swarm may choose the same node twice.
    const count = async () => (await placed("financerag")).reduce((sum, one) => sum + one);
    await eventually(async () => (await count()) === 3 || undefined, 30);
    expect(await tasks()).not.toEqual(before);
  });

  it("changes nothing in a second run", async () => {
    expect(await stack.unchanged()).toBe("");
  });

  it("shows all nodes in status, health and logs", async () => {
    const status = await stack.make("status");
    expect(status.code, status.output).toBe(0);
    for (const { name: node } of swarm.nodes) expect(status.output).toContain(node);
    const health = await stack.make("health");
    expect(health.code, health.output).toBe(0);
    const logs = stack.start(["logs", "--service", "financerag"]);
    await new Promise((wait) => setTimeout(wait, 10_000));
    logs.child.kill();
    const { output } = await logs.ended;
    for (const slot of [1, 2, 3]) expect(output).toMatch(new RegExp(`financerag-\\w+\\.${slot} \\| `));
  });

  it("stops a store before it is replaced, and keeps its data", async () => {
    const counts = new Set<number>();
    const look = async () => counts.add((await placed("chroma")).reduce((sum, one) => sum + one));
    const looking = setInterval(() => void look().catch(() => undefined), 200);
    const services = { ...served.services, chroma: { aliases: ["vectors"] } };
    stack.configure({ ...served, services }, dockerSettings);
    const { code, output } = await stack.make("up");
    clearInterval(looking);
    expect(code, output).toBe(0);
    expect([...counts].sort()).toEqual([0, 1]);
    const { sources } = await new SmallRag(port, "", swarm.manager.address).ask(question);
    expect(sources[0]?.text).toContain(fact);
  });

  it("pushes a built image once, and then knows its digest", async () => {
    const base = await ensureBaseImage();
    const reference = `localhost:${registryPort}/team/${base}`;
    await docker("tag", base, reference);
    const id = (await docker("image", "inspect", "--format", "{{.Id}}", reference)).trim();
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    expect(await imagePusher({ stack: name, make: false, say })(reference, id)).toBe(reference);
    const push = imagePusher({ stack: name, make: true, say });
    const pushed = await push(reference, id);
    expect(pushed).toMatch(new RegExp(`^${reference}@sha256:[0-9a-f]{64}$`));
    expect(await push(reference, id)).toBe(pushed);
    expect(said).toEqual([`pushing ${reference}`]);
    await swarm.manager.docker("pull", pushed.replace("localhost", machine));
    await docker("rmi", reference);
  });

  it("refuses what does not work there, with the reason", async () => {
    const { code, output } = await stack.make("upgrade-postgres", "--version", "18");
    expect(code).toBe(1);
    expect(output).toContain("ragdock upgrade-postgres does not work");
    expect(output).toContain("docs/guide/several-machines.md");
  });

  it("leaves only the data after `down`", async () => {
    const { code, output } = await stack.make("down");
    expect(code, output).toBe(0);
    expect(output).toMatch(/ragdock-swarm-test-chroma-data \(node-\d\)/);
    const { manager, nodes } = swarm;
    for (const kind of ["service", "secret", "config"])
      expect(lines(await manager.docker(kind, "ls", "-q")), kind).toEqual([]);
    expect(await manager.docker("network", "ls", "--format", "{{.Name}}")).not.toContain("ragdock");
    for (const node of nodes)
      await eventually(async () => lines(await node.docker("ps", "-aq")).length === 0 || undefined);
    const volumes = await Promise.all(nodes.map((node) => node.docker("volume", "ls", "-q")));
    expect(lines(volumes.join("\n")).sort()).toEqual(
      ["alertmanager", "chroma", "prometheus"].map((store) => `ragdock-${name}-${store}-data`),
    );
  });
});
