import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { type Container, docker, serviceOf } from "../../host/docker.ts";
import { type Checkout, port, type Services } from "../bench/checkout.ts";
import type { Fault } from "./world.ts";

/** Returns a fault for each service with a running container: a kill of one of its containers. */
export const crashes = (containers: readonly Container[]): Fault[] =>
  [...new Set(containers.filter((c) => c.State.Status === "running").map(serviceOf))].map(killed);

/** Kills the process from the host. Docker does not restart a container after `docker kill`. */
const killed = (service: string): Fault => ({
  name: `kill -9 of ${service}`,
  promise: "Docker restarts it. No acknowledged document is lost.",
  strike: async ({ checkout }) => {
    const { Id } = await checkout.container(service);
    process.kill(Number(await docker("inspect", "--format", "{{.State.Pid}}", Id)), "SIGKILL");
    await setTimeout(1000);
    return "";
  },
});

/** @param service a service whose image contains Python */
export const outOfMemory = (service: string): Fault => ({
  name: `${service} out of memory`,
  promise:
    "The kernel kills the process that exceeds the limit. Docker restarts the container if needed. Other services are not affected.",
  strike: async ({ checkout }) => {
    const { Id, HostConfig } = await checkout.container(service);
    // Allocates memory in the container until its limit, as a leak would. The kernel ends the
    // largest process there.
    const leak = `bytearray(${HostConfig.Memory})`;
    const since = Math.floor(Date.now() / 1000) - 1;
    await docker("exec", Id, "python3", "-c", leak).catch(() => {});
    const window = ["--since", String(since), "--until", String(since + 5)];
    const events = await docker("events", ...window, "--filter", `container=${Id}`);
    return events.includes(" oom ") ? "Docker's event `oom`, which `make health` shows" : "no `oom` event";
  },
});

export const gone = (service: string): Fault =>
  away(`${service} stopped`, service, ["stop", "start"], "Requests get a 503 with the reason. None hangs.");

export const hangs = (service: string): Fault =>
  away(
    `${service} paused`,
    service,
    ["pause", "unpause"],
    "Requests get an error with the reason within their time limits.",
  );

const away = (
  name: string,
  service: string,
  [down, up]: readonly [string, string],
  promise: string,
): Fault => ({
  name: `${name} for a minute`,
  promise: `${promise} Afterwards the stack recovers without help.`,
  strike: async ({ checkout }) => {
    const { Id } = await checkout.container(service);
    await docker(down, Id);
    await setTimeout(55_000);
    const told = await saidOfReadiness(checkout);
    await docker(up, Id);
    return told;
  },
});

async function saidOfReadiness(checkout: Checkout): Promise<string> {
  try {
    const answer = await checkout.fetch("/ready", { signal: AbortSignal.timeout(30_000) });
    const { status, detail } = (await answer.json()) as { status: number; detail: string };
    return `/api/ready: ${status} ${detail}`;
  } catch (error) {
    return `/api/ready did not answer within 30 s (${(error as Error).name})`;
  }
}

export const removed = (service: string): Fault => ({
  name: `${service} removed by hand`,
  promise: "`make drift` reports it, and `make up` creates it again.",
  strike: async ({ checkout }) => {
    await docker("rm", "-f", (await checkout.container(service)).Id);
    const drift = await checkout.tryMake("drift");
    if (drift.code === 0) throw new Error("make drift reported nothing");
    await checkout.make("up");
    return lineWith(drift.output, `container ${service}`);
  },
});

export const portTaken: Fault = {
  name: "port taken between down and up",
  promise:
    "`make up` names the process that uses the port, and the setting for another port. It changes nothing.",
  strike: async ({ checkout }) => {
    await checkout.make("down");
    const squatter = createServer().listen(port, "127.0.0.1");
    const refused = await checkout.tryMake("up");
    await once(squatter.close(), "close");
    if (refused.code === 0) throw new Error("make up did not fail although its port was taken");
    await checkout.make("up");
    return lineWith(refused.output, "is taken by");
  },
};

/** @param services settings whose `up` takes some time */
export const twice = (services: Services): Fault => ({
  name: "two `make up` at once",
  promise: "One of them succeeds. The other one names the process of the first.",
  strike: async ({ checkout }) => {
    checkout.configure({ services });
    const both = await Promise.all([checkout.tryMake("up"), checkout.tryMake("up")]);
    checkout.configure({});
    await checkout.make("up");
    const [failed, ...more] = both.filter(({ code }) => code !== 0);
    if (!failed || more.length > 0) throw new Error(both.map((b) => b.output.slice(-300)).join("\n"));
    return lineWith(failed.output, "stack");
  },
});

/** Returns the last line with some words. */
const lineWith = (text: string, words: string): string =>
  (text.split("\n").findLast((line) => line.includes(words)) ?? "").trim();
