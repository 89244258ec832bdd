/**
 * Runs financerag with the sign-in on a Swarm of three engines, behind a proxy that does TLS: the test
 * itself. tools/swarm/nodes.ts says what these engines do not prove. Browsers and attacks are in
 * tests/systems/front-door.test.ts, for one engine.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Served, SwarmLab } from "../../tools/swarm/lab.ts";
import { machine } from "../../tools/swarm/nodes.ts";
import { unwatchedIn } from "../support/program.ts";
import { TestStack } from "../support/stack.ts";
import { askedDuring, containersOn, describeSwarm, lines } from "../support/swarm.ts";

const name = "swarm-sign-in";
const port = 28_176;
const lab = new SwarmLab(28_175);
const { swarm } = lab;
const stack = new TestStack(name, {});
const proxied = { "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7" };
const docker = { "docker:host": swarm.manager.host };
let served: Served;
let key = "";

async function must(command: string, ...args: string[]): Promise<string> {
  const { code, output } = await stack.make(command, ...args);
  expect(code, output).toBe(0);
  return output;
}

/** The status of a request to the API at each node. */
const statuses = (headers: Record<string, string> = {}): Promise<number[]> =>
  Promise.all(
    swarm.nodes.map(async ({ address }) => {
      const answer = await fetch(`http://${address}:${port}/openapi.json`, {
        headers: { ...proxied, ...headers },
        redirect: "manual",
      });
      return answer.status;
    }),
  );

describeSwarm("the sign-in on a Swarm", () => {
  beforeAll(async () => {
    await lab.start();
    const settings = {
      ...{ system: "financerag", environment: "prod" },
      ingress: { tls: "off", trustedProxies: [machine], signIn: { users: true }, limits: { requests: 6000 } },
      ...{ embeddings: { provider: "local" }, llm: { provider: "none" } },
      services: { financerag: { port }, ...unwatchedIn("financerag") },
    };
    served = await lab.served(name, settings);
    stack.configure(served, docker);
    await must("up");
  });

  afterAll(async () => {
    await stack.make("down");
    await lab.stop();
    await stack.remove();
  });

  it("is on the node with its data, and refuses strangers on each node", async () => {
    expect((await containersOn(swarm, name, "auth")).sort()).toEqual([0, 0, 2]);
    expect(await statuses()).toEqual([401, 401, 401]);
  });

  it("lets a key in on each node", async () => {
    const created = await must("keys create", "--name", "ci", "--role", "reader");
    key = /rdk_[0-9a-f]+_[0-9a-f]+/.exec(created)?.[0] ?? "";
    expect(await statuses({ Authorization: `Bearer ${key}` })).toEqual([200, 200, 200]);
  });

  it("has the deployment in its audit log, and no line of an unchanged run", async () => {
    const log = (): Promise<string> => must("audit", "--since", "1h");
    expect(await log()).toMatch(/deploy/);
    const before = (await log()).split("\n").filter((line) => line.includes("deploy")).length;
    expect(await stack.unchanged()).toBe("");
    expect((await log()).split("\n").filter((line) => line.includes("deploy"))).toHaveLength(before);
  });

  it("and all others stay as they are while one service is deployed alone", async () => {
    const services = async (format: string): Promise<string[]> =>
      lines(await swarm.manager.docker("service", "ls", "--format", format)).sort();
    const before = await services("{{.ID}}");
    const changed = { environment: { RAGDOCK_TEST: "1" } };
    const { financerag } = served.services;
    const all = { ...served.services, chroma: changed, financerag: { ...financerag, ...changed } };
    stack.configure({ ...served, services: all }, docker);
    expect(await must("up", "--service", "chroma")).toContain("only chroma");
    expect(await services("{{.ID}}")).toEqual(before);
    const names = await services("{{.Name}}");
    const inspected = await Promise.all(names.map((one) => swarm.manager.docker("service", "inspect", one)));
    const withIt = names.filter((_, index) => inspected[index]?.includes("RAGDOCK_TEST=1"));
    expect(withIt.map((one) => one.replace(/-\w+$/, ""))).toEqual([`ragdock-${name}-chroma`]);
    expect(await must("preview")).toMatch(/service financerag:/);
  });

  it("fails no request of a key while it is replaced", async () => {
    const url = `http://${swarm.manager.address}:${port}/openapi.json`;
    const headers = { ...proxied, Authorization: `Bearer ${key}` };
    const { failed, sent } = await askedDuring(url, () => must("restart", "--service", "auth"), { headers });
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(100);
  });
});
