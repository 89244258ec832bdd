import { createServer } from "node:net";
import { type Container, docker, serviceOf } from "../../host/docker.ts";
import type { Fault, World } from "./world.ts";

/** Returns a fault for each service with a running container: a kill. */
export const kills = (containers: readonly Container[]): Fault[] =>
  [...new Set(containers.filter((c) => c.State.Status === "running").map(serviceOf))].map(killed);

const wait = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));

async function only(world: World, service: string): Promise<Container> {
  const container = (await world.checkout.containers()).find((c) => serviceOf(c) === service);
  if (!container) throw new Error(`there is no ${service}`);
  return container;
}

/**
 * Kills the process from the host, as the kernel would. After a `docker kill`, Docker would not
 * restart the container.
 */
function killed(service: string): Fault {
  return {
    name: `kill -9 of ${service}`,
    promise: "Docker restarts it. No acknowledged document is lost.",
    strike: async (world) => {
      const { Id } = await only(world, service);
      const pid = (await docker("inspect", "--format", "{{.State.Pid}}", Id)).trim();
      process.kill(Number(pid), "SIGKILL");
      await wait(1);
      return "";
    },
  };
}

/** @param service a service whose image contains Python */
export function outOfMemory(service: string): Fault {
  return {
    name: `${service} out of memory`,
    promise:
      "The kernel ends the process that exceeds the limit. Docker restarts the container if needed. Other services are not affected.",
    strike: async (world) => {
      const { Id, HostConfig } = await only(world, service);
      // Allocates memory inside the container's limit, as a leak would. The kernel ends the largest
      // process there.
      const leak = `bytearray(${HostConfig.Memory})`;
      const since = Math.floor(Date.now() / 1000) - 1;
      await docker("exec", Id, "python3", "-c", leak).catch(() => {});
      const events = await docker(
        "events",
        "--since",
        String(since),
        "--until",
        String(since + 5),
        "--filter",
        `container=${Id}`,
      );
      return events.includes(" oom ") ? "Docker's event `oom`, which `make health` shows" : "no `oom` event";
    },
  };
}

export const gone = (service: string): Fault =>
  away(service, "stopped", ["stop", "start"], "Requests get a 503 with the reason. None hangs.");

export const hangs = (service: string): Fault =>
  away(
    service,
    "paused",
    ["pause", "unpause"],
    "Requests get an error with the reason within their time limits.",
  );

function away(service: string, how: string, [down, up]: readonly [string, string], promise: string): Fault {
  return {
    name: `${service} ${how} for a minute`,
    promise: `${promise} Afterwards the stack recovers without help.`,
    strike: async (world) => {
      const { Id } = await only(world, service);
      await docker(down, Id);
      await wait(55);
      const told = await saidOfReadiness(world);
      await docker(up, Id);
      return told;
    },
  };
}

async function saidOfReadiness({ checkout }: World): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${checkout.port}/api/ready`, {
      signal: AbortSignal.timeout(30_000),
    });
    const { status, detail } = (await answer.json()) as { status: number; detail: string };
    return `/api/ready: ${status} ${detail}`;
  } catch (error) {
    return `/api/ready did not answer within 30 s (${(error as Error).name})`;
  }
}

export function removed(service: string): Fault {
  return {
    name: `${service} removed by hand`,
    promise: "`make drift` reports it, and `make up` creates it again.",
    strike: async (world) => {
      const { Id } = await only(world, service);
      await docker("rm", "-f", Id);
      const drift = await world.checkout.make("drift");
      if (drift.code === 0) throw new Error("make drift reported nothing");
      const up = await world.checkout.make("up");
      if (up.code !== 0) throw new Error(up.output.slice(-500));
      return lineWith(drift.output, `container ${service}`);
    },
  };
}

export const portTaken: Fault = {
  name: "port taken between down and up",
  promise:
    "`make up` names the process that has the port and the setting for another port. It changes nothing.",
  strike: async (world) => {
    await world.checkout.make("down");
    const squatter = createServer().listen(world.checkout.port, "127.0.0.1");
    const refused = await world.checkout.make("up");
    await new Promise((done) => squatter.close(done));
    if (refused.code === 0) throw new Error("make up did not fail although its port was taken");
    const up = await world.checkout.make("up");
    if (up.code !== 0) throw new Error(up.output.slice(-500));
    return lineWith(refused.output, "is taken by");
  },
};

/** @param changing settings whose `up` takes some time */
export function twice(changing: (round: number) => Record<string, unknown>): Fault {
  return {
    name: "two `make up` at once",
    promise: "One of them works. The other one names its process.",
    strike: async ({ checkout }) => {
      checkout.configure({ services: changing(1) });
      const both = await Promise.all([checkout.make("up"), checkout.make("up")]);
      checkout.configure({});
      const back = await checkout.make("up");
      const failed = both.filter(({ code }) => code !== 0);
      if (failed.length !== 1 || back.code !== 0)
        throw new Error(both.map((b) => b.output.slice(-300)).join("\n"));
      return lineWith(failed[0]?.output ?? "", "stack");
    },
  };
}

const lineWith = (text: string, words: string): string =>
  text
    .split("\n")
    .findLast((line) => line.includes(words))
    ?.trim() ?? "";
