/** What happens to a stack of `full` on a Swarm of three nodes, under traffic to the ingress of its nodes. */
import type { Target } from "../../cli/load/send.ts";
import { fullName } from "../../config/spec/stack.ts";
import { volumeNodeLabel } from "../../config/spec/swarm.ts";
import { isWell, serviceOf } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import { tasksOf } from "../../host/tasks.ts";
import { eventually } from "../eventually.ts";
import { type Seen, underTraffic } from "../traffic.ts";
import { type LabStack, type Served, SwarmLab } from "./lab.ts";
import type { SwarmNode } from "./nodes.ts";

/** The traffic's results of one case. */
export interface Suffered extends Seen {
  readonly name: string;
  /** Seconds that the change took, or after which the stack was whole again. */
  readonly seconds: number;
  /** What the case showed in addition. */
  readonly told: string;
}

/** A stack of `full` on the Swarm of a lab. */
export interface World {
  readonly lab: SwarmLab;
  readonly stack: LabStack;
  /** Its settings, without changes. */
  readonly settings: Served;
  readonly port: number;
}

/** A change or a fault. */
export interface Case {
  readonly name: string;
  /** The nodes that a load balancer sends requests to. @default all */
  readonly asked?: (nodes: readonly SwarmNode[]) => readonly SwarmNode[];
  /** Makes the change. Returns the seconds, and what it showed. */
  readonly work: (world: World, round: number) => Promise<Pick<Suffered, "seconds" | "told">>;
  /** Puts everything back, without traffic. */
  readonly after?: (world: World) => Promise<unknown>;
}

/** Runs a case under 50 requests a second. */
export async function suffer(one: Case, world: World, round = 1): Promise<Suffered> {
  const { nodes } = world.lab.swarm;
  const targets = (one.asked?.(nodes) ?? nodes).map(
    ({ address }): Target => ({ host: address, port: world.port }),
  );
  let result = { seconds: 0, told: "" };
  try {
    const seen = await underTraffic(targets, async () => {
      result = await one.work(world, round);
    });
    return { name: one.name, ...seen, ...result };
  } finally {
    await one.after?.(world);
  }
}

/**
 * Chooses the nodes of the data before the first `up`, as a user can: the last node has none, because
 * the cases drain and kill it. The database is not on the only manager.
 */
export async function placeData({ lab, stack }: Pick<World, "lab" | "stack">): Promise<void> {
  const [first, second = first] = lab.swarm.nodes;
  const at = { postgres: second, redis: first, prometheus: first, alertmanager: first };
  for (const [service, node] of Object.entries(at)) {
    const label = volumeNodeLabel(fullName({ project, stack: stack.name }, `${service}-data`));
    await lab.swarm.manager.docker("node", "update", "--label-add", `${label}=true`, node?.name ?? "");
  }
}

/** Runs a command of the stack. @throws its output if it fails */
export async function done(
  { stack }: Pick<World, "stack">,
  command: string,
  ...args: string[]
): Promise<number> {
  const { code, output, seconds } = await stack.make(command, args);
  if (code !== 0) throw new Error(`${command}: ${output}`);
  return seconds;
}

type Changes = Readonly<Record<string, unknown>> & { readonly services?: Served["services"] };

/** Settings with changes. */
const changed = ({ settings }: World, { services, ...changes }: Changes): Served => ({
  ...settings,
  ...changes,
  services: { ...settings.services, ...services },
});

/** Deploys changed settings, one after the other, and returns the seconds of all. */
async function deployed(
  world: World,
  ...all: readonly Changes[]
): Promise<{ seconds: number; told: string }> {
  let seconds = 0;
  for (const changes of all) {
    world.stack.configure(changed(world, changes));
    seconds += await done(world, "up");
  }
  return { seconds, told: "" };
}

/** Deploys the unchanged settings again. */
const back = (world: World): Promise<unknown> => deployed(world, {});

/** The image of the application with more instructions. */
const another = async (
  { lab, settings }: World,
  name: string,
  ...instructions: readonly string[]
): Promise<Changes> => {
  const { app = "" } = settings.pinned;
  const image = await lab.variant(SwarmLab.here(app), name, ...instructions);
  return { pinned: { ...settings.pinned, app: image } };
};

/** The seconds until all services without data run on the other nodes. */
async function elsewhere({ stack }: World, node: SwarmNode, kept: readonly string[]): Promise<number> {
  const begun = performance.now();
  await eventually(async () => {
    const tasks = (await tasksOf(stack.name)).filter((task) => !kept.includes(serviceOf(task)));
    return tasks.every((task) => isWell(task) && task.Node !== node.name) || undefined;
  }, 120);
  return (performance.now() - begun) / 1000;
}

const last = (nodes: readonly SwarmNode[]): SwarmNode => nodes.at(-1) as SwarmNode;
const others = (nodes: readonly SwarmNode[]): readonly SwarmNode[] => nodes.slice(0, -1);

/** Ends the API at its start, and not the jobs with the same image. */
const broken = [
  "USER 0",
  "RUN echo 'raise RuntimeError(\"this revision is broken\")' >> $(find / -path '*/ragapp/api/server.py' 2> /dev/null | head -n 1)",
];

/** Services that are on a node because of their data, or on each node. */
const kept = ["postgres", "redis", "prometheus", "alertmanager", "ingress", "node-exporter"];

/** Changes, none of which may cost a request. */
export const changes: readonly Case[] = [
  {
    name: "new image of the application",
    work: async (world, round) =>
      deployed(world, await another(world, `app-${round}`, `LABEL revision="${round}"`)),
    after: back,
  },
  {
    name: "changed setting of the API",
    work: (world) => deployed(world, { services: { api: { environment: { RAG_LOG_LEVEL: "WARNING" } } } }),
    after: back,
  },
  {
    name: "replicas 1 → 3 → 1",
    work: (world) => deployed(world, ...[1, 3, 1].map((replicas) => ({ services: { api: { replicas } } }))),
    after: back,
  },
  {
    name: "rotated password of postgres",
    work: async (world) => ({ seconds: await done(world, "rotate", "--secret", "postgres"), told: "" }),
  },
  {
    name: "bad revision, and the rollback",
    work: async (world) => {
      world.stack.configure(changed(world, await another(world, "bad", ...broken)));
      const { code, output, seconds } = await world.stack.make("up");
      if (code === 0) throw new Error("`make up` succeeded with a bad revision");
      const told = /this revision is broken/.exec(output)?.[0];
      if (!told) throw new Error(`\`make up\` gave no reason: ${output.slice(-2000)}`);
      await done(world, "rollback");
      return { seconds, told };
    },
    after: back,
  },
  {
    name: "drained node",
    asked: others,
    work: async (world) => {
      const { manager, nodes } = world.lab.swarm;
      const node = last(nodes);
      await manager.docker("node", "update", "--availability", "drain", node.name);
      return { seconds: await elsewhere(world, node, kept), told: "" };
    },
    after: async (world) => {
      const { manager, nodes } = world.lab.swarm;
      await manager.docker("node", "update", "--availability", "active", last(nodes).name);
      // Nothing moves a replica back to a node, and the next case needs some there.
      for (const service of ["api", "worker", "gateway"]) await done(world, "restart", "--service", service);
      await whole(world);
    },
  },
];

/** Waits until every task of the stack is healthy. */
export const whole = ({ stack }: Pick<World, "stack">): Promise<true> =>
  eventually(async () => (await tasksOf(stack.name)).every(isWell) || undefined, 180);

/** The loss of a node. Requests in flight on it fail. */
export const killedNode: Case = {
  name: "killed node",
  asked: others,
  work: async (world) => {
    const node = last(world.lab.swarm.nodes);
    const moving = (await tasksOf(world.stack.name)).filter(
      (task) => task.Node === node.name && !kept.includes(serviceOf(task)),
    );
    if (moving.length === 0) throw new Error(`${node.name} has no replica that could move`);
    await node.kill();
    return { seconds: await elsewhere(world, node, kept), told: "" };
  },
  after: async (world) => {
    await last(world.lab.swarm.nodes).start();
    await whole(world);
  },
};
