import { createServer } from "node:net";
import { type Container, docker, serviceOf } from "../../host/docker.ts";
import type { Fault, World } from "./world.ts";

/** A kill of every container that runs. */
export const kills = (containers: readonly Container[]): Fault[] =>
  [...new Set(containers.filter((c) => c.State.Status === "running").map(serviceOf))].map(killed);

const wait = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));

async function only(world: World, service: string): Promise<Container> {
  const container = (await world.checkout.containers()).find((c) => serviceOf(c) === service);
  if (!container) throw new Error(`there is no ${service}`);
  return container;
}

/** From outside, as the kernel would: a `docker kill` counts as a wish that it stay down. */
function killed(service: string): Fault {
  return {
    name: `kill -9 of ${service}`,
    promise: "the engine starts it again; nothing acknowledged is lost",
    strike: async (world) => {
      const { Id } = await only(world, service);
      const pid = (await docker("inspect", "--format", "{{.State.Pid}}", Id)).trim();
      process.kill(Number(pid), "SIGKILL");
      await wait(1);
      return "";
    },
  };
}

/** @param service one whose image has Python */
export function outOfMemory(service: string): Fault {
  return {
    name: `${service} out of memory`,
    promise:
      "the kernel ends what goes beyond the limit, the engine starts it again; the others notice nothing",
    strike: async (world) => {
      const { Id, HostConfig } = await only(world, service);
      // As a leak would, inside its own limit; the kernel ends the largest process there.
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
      return events.includes(" oom ")
        ? "the engine's event `oom`, which `make health` shows"
        : "no `oom` event";
    },
  };
}

export const gone = (service: string): Fault =>
  away(service, "gone", ["stop", "start"], "answers are refused in words (503) and never hang");

export const hangs = (service: string): Fault =>
  away(service, "hanging", ["pause", "unpause"], "answers are refused in words within their time limits");

function away(service: string, how: string, [down, up]: readonly [string, string], promise: string): Fault {
  return {
    name: `${service} ${how} for a minute`,
    promise: `${promise}; after it, all goes on by itself`,
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
    return `/api/ready gave no answer in 30 s (${(error as Error).name})`;
  }
}

export function removed(service: string): Fault {
  return {
    name: `${service} removed by hand`,
    promise: "`make drift` names it, `make up` makes it again",
    strike: async (world) => {
      const { Id } = await only(world, service);
      await docker("rm", "-f", Id);
      const drift = await world.checkout.make("drift");
      if (drift.code === 0) throw new Error("make drift saw nothing");
      const up = await world.checkout.make("up");
      if (up.code !== 0) throw new Error(up.output.slice(-500));
      return lineWith(drift.output, `container ${service}`);
    },
  };
}

export const portTaken: Fault = {
  name: "the port taken between down and up",
  promise: "`make up` names who has it and the setting that moves ours, and touches nothing",
  strike: async (world) => {
    await world.checkout.make("down");
    const squatter = createServer().listen(world.checkout.port, "127.0.0.1");
    const refused = await world.checkout.make("up");
    await new Promise((done) => squatter.close(done));
    if (refused.code === 0) throw new Error("make up took a port that was taken");
    const up = await world.checkout.make("up");
    if (up.code !== 0) throw new Error(up.output.slice(-500));
    return lineWith(refused.output, "is taken by");
  },
};

/** @param changing settings of services that take an `up` some time */
export function twice(changing: (round: number) => Record<string, unknown>): Fault {
  return {
    name: "two `make up` at once",
    promise: "one works, the other is told who does",
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
