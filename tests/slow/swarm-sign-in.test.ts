/**
 * Runs financerag with the sign-in on a Swarm of three engines, behind a proxy that does TLS: the test
 * itself. tools/swarm/nodes.ts says what these engines do not prove. Browsers and attacks are in
 * tests/systems/front-door.test.ts, for one engine.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Served, SwarmLab } from "../../tools/swarm/lab.ts";
import { machine, missingForSwarm } from "../../tools/swarm/nodes.ts";
import { unwatchedIn } from "../support/program.ts";
import { TestStack } from "../support/stack.ts";
import { askedDuring, containersOn, lines } from "../support/swarm.ts";

const missing = missingForSwarm();
if (missing) console.log(`skipped: ${missing} is missing`);
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

describe.skipIf(missing)("the sign-in on a Swarm", () => {
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

  it("has the address of the client and the deployment in its log, and no line of an unchanged run", async () => {
    const log = async (): Promise<string> => await must("audit", "--since", "1h");
    expect(await log()).toMatch(/deploy/);
    const before = (await log()).split("\n").filter((line) => line.includes("deploy")).length;
    expect(await stack.unchanged()).toBe("");
    expect((await log()).split("\n").filter((line) => line.includes("deploy"))).toHaveLength(before);
  });

  it("stays as it is while another service is deployed alone", async () => {
    const services = async (): Promise<string[]> =>
      lines(await swarm.manager.docker("service", "ls", "--format", "{{.ID}} {{.Name}}")).sort();
    const before = await services();
    const financerag = { ...served.services.financerag, environment: { RAGDOCK_TEST: "1" } };
    const auth = { environment: { RAGDOCK_TEST: "1" } };
    stack.configure({ ...served, services: { ...served.services, financerag, auth } }, docker);
    expect(await must("up", "--service", "financerag")).toContain("only financerag");
    const after = await services();
    const changed = [
      ...before.filter((one) => !after.includes(one)),
      ...after.filter((one) => !before.includes(one)),
    ];
    // The gateway's files name the revision of the application.
    const shortName = (one: string): string => one.replace(/^\S+ ragdock-[a-z-]+?-(\w+)-\w+$/, "$1");
    expect([...new Set(changed.map(shortName))].sort()).toEqual(["financerag", "gateway"]);
    expect(await statuses({ Authorization: `Bearer ${key}` })).toEqual([200, 200, 200]);
    expect(await must("preview")).toMatch(/service auth:/);
  });

  it("fails no request of a key while it is replaced", async () => {
    const url = `http://${swarm.manager.address}:${port}/openapi.json`;
    const headers = { ...proxied, Authorization: `Bearer ${key}` };
    const { failed, sent } = await askedDuring(url, () => must("restart", "--service", "auth"), { headers });
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThan(100);
  });
});
