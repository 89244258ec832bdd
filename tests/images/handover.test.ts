/**
 * A replaced gateway loses no request. This includes POST requests on new connections, which a
 * proxy must not repeat. The ingress and the gateways are those of `full`, and a small server
 * stands in for the API. tests/e2e changes a real revision.
 */
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LongRunning } from "../../config/spec/service.ts";
import { docker } from "../../host/docker.ts";
import type { TestContainer } from "../support/docker.ts";
import { Front, standInFor } from "../support/front.ts";
import { serviceOf, systemWith } from "../support/program.ts";

const replacements = 8;
const senders = 8;

const system = systemWith();
const spec = (name: string): LongRunning => serviceOf(system, name);

const upstream = standInFor("location / { return 200; }");
const behind = [{ path: "/etc/nginx/nginx.conf", content: upstream }];

const front = new Front("handover");

const gateway = async (seconds?: number): Promise<TestContainer> => {
  const { files, command, healthcheck } = spec("gateway");
  const container = await front.start("gateway", files, command ?? []);
  await container.healthy(healthcheck.test.slice(1), seconds);
  return container;
};

let api: TestContainer;

beforeAll(async () => {
  await front.open();
  api = await front.start("api", behind, []);
  await front.start("ui", behind, []);
});

afterAll(() => front.close());

/** Starts the ingress. Returns its port on the host. */
async function startIngress(): Promise<number> {
  const { files, command, healthcheck } = spec("ingress");
  const ingress = await front.start("ingress", files, command ?? [], ["-p", "127.0.0.1::8080"]);
  await ingress.healthy(healthcheck.test.slice(1));
  return Number((await docker("port", ingress.name, "8080")).trim().split(":").at(-1));
}

/** Drops the first packets of new connections to a port of a container, for a limited time. */
async function losing(container: TestContainer, port: number, milliseconds: number): Promise<void> {
  const pid = (await docker("inspect", "--format", "{{.State.Pid}}", container.name)).trim();
  const rule = ["INPUT", "-p", "tcp", "--dport", String(port), "--syn", "-j", "DROP"];
  const iptables = (...args: string[]) => execa("nsenter", ["-t", pid, "-n", "iptables", ...args]);
  await iptables("-A", ...rule);
  await sleep(milliseconds);
  await iptables("-D", ...rule);
}

it.each([
  ["the gateway's status", 8081],
  ["the gateway", 8080],
])(
  "a lost packet of a new connection to %s fails no request",
  async (_, lost) => {
    const container = await gateway();
    const port = await startIngress();
    expect(await post(port, new Agent())).toBe("200");
    const dropped = losing(container, lost, 700);
    await sleep(200);
    expect(await post(port, new Agent())).toBe("200");
    await dropped;
    await docker("rm", "-f", container.name);
  },
  60_000,
);

it("hands over to the next gateway without a failed request", async () => {
  let now = await gateway();
  const port = await startIngress();
  const seen = new Map<string, number>();
  let over = false;
  const send = async (agent: Agent): Promise<void> => {
    while (!over) {
      const said = await post(port, agent);
      seen.set(said, (seen.get(said) ?? 0) + 1);
    }
  };
  const sending = Array.from({ length: senders }, (_, index) =>
    send(new Agent({ keepAlive: index % 2 === 0 })),
  );
  for (let count = 0; count < replacements; count++) {
    const next = await gateway();
    // A looked-up name stays valid for one second, which nginx counts in whole seconds. A health
    // check takes the same time.
    await sleep(2000);
    expect(await now.stop()).toBe(0);
    now = next;
  }
  over = true;
  await Promise.all(sending);
  expect(Object.fromEntries(seen)).toEqual({ 200: expect.any(Number) });
  expect(seen.get("200")).toBeGreaterThan(replacements * 100);
}, 180_000);

it("answers again within 1.5 s when one of two gateways is killed", async () => {
  expect(serviceOf(systemWith({ environment: "prod" }), "gateway").replicas).toBe(2);
  const [first, second] = [await gateway(), await gateway()];
  const port = await startIngress();
  let over = false;
  let longest = 0;
  const probe = async (): Promise<void> => {
    let answered = performance.now();
    while (!over) {
      if ((await post(port, new Agent())) === "200") answered = performance.now();
      longest = Math.max(longest, performance.now() - answered);
      await sleep(10);
    }
  };
  const probes = [probe(), probe()];
  await sleep(2000);
  await docker("kill", "--signal", "KILL", first.name);
  await sleep(3000);
  over = true;
  await Promise.all(probes);
  await docker("rm", "-f", first.name, second.name);
  expect(longest).toBeLessThan(1500);
}, 60_000);

it("waits for its upstreams at its first start, but not at a restart", async () => {
  await docker("stop", api.name);
  await expect(gateway(3)).rejects.toThrow("waiting for http://api:8000/api/health, which does not answer");
  const waiting = front.running.at(-1) as TestContainer;
  await docker("start", api.name);
  await waiting.healthy(spec("gateway").healthcheck.test.slice(1), 5);
  await docker("stop", api.name);
  await docker("restart", waiting.name);
  await waiting.healthy(spec("gateway").healthcheck.test.slice(1), 5);
}, 60_000);

/** Returns the status of the answer, or the error. */
function post(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(
      { host: "127.0.0.1", port, path: "/api/query", method: "POST", agent },
      (response) => {
        response.resume().on("end", () => resolve(String(response.statusCode)));
      },
    );
    sent.on("error", (error) => resolve(error.message)).end("a question");
  });
}
