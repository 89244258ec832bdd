/** What `full` answers and indexes on one, two and three small nodes. */
import { type Shape, send, type Target } from "../../cli/load/send.ts";
import { useDocker } from "../../host/docker.ts";
import { eventually } from "../eventually.ts";
import { done, placeData, type World } from "./cases.ts";
import { LabStack, SwarmLab } from "./lab.ts";

/** The results on one number of nodes. */
export interface Sized {
  readonly name: string;
  /** Cores of each node. */
  readonly cores: number;
  /** Answers to questions a second. */
  readonly questions: number;
  /** Documents a minute that became searchable. */
  readonly documents: number;
}

/** A number of nodes. */
export interface Size {
  readonly name: string;
  readonly nodes: number;
}

export const sizes: readonly Size[] = [
  { name: "one node", nodes: 1 },
  { name: "two nodes", nodes: 2 },
  { name: "three nodes", nodes: 3 },
];

/** A share of a core that three nodes can have on a machine of two cores, next to the sender. */
const cores = 0.4;
const clients = 8;
/** Seconds of the questions, after as many seconds to warm up. */
const duration = 20;
const documents = 24;
const json = { "content-type": "application/json" };

/**
 * Brings up `full` on a number of nodes, with a replica of the API and of the worker for each. Then
 * limits the CPU of each node, and measures.
 */
export async function measured(
  { name, nodes }: Size,
  common: Readonly<Record<string, unknown>>,
  port: number,
): Promise<Sized> {
  const lab = new SwarmLab(port - 1, nodes);
  const id = `sizes-${nodes}`;
  let stack: LabStack | undefined;
  try {
    await lab.start();
    const services = { gateway: { port }, api: { replicas: nodes }, worker: { replicas: nodes } };
    const settings = await lab.served(id, { ...common, services });
    const { host } = lab.swarm.manager;
    stack = new LabStack(id, settings, { "docker:host": host });
    await useDocker({ host, target: "swarm" });
    const world: World = { lab, stack, settings, port };
    await placeData(world);
    await done(world, "up");
    for (const node of lab.swarm.nodes) node.limit(cores);
    const targets = lab.swarm.nodes.map(({ address }): Target => ({ host: address, port }));
    await answersPerSecond(targets);
    return { name, cores, questions: await answersPerSecond(targets), documents: await indexed(targets) };
  } finally {
    // A node that has not started has no cgroup to limit.
    for (const node of lab.swarm.nodes) await attempted(() => node.limit(2));
    await attempted(() => stack?.make("down"));
    await attempted(() => lab.stop());
    stack?.remove();
  }
}

/** Takes a step of the cleanup. Prints its error, which would otherwise hide the cause. */
async function attempted(step: () => unknown): Promise<void> {
  try {
    await step();
  } catch (error) {
    console.error(error);
  }
}

/** Clients that wait for their answers before they send the next question, to each node in turn. */
async function answersPerSecond(targets: readonly Target[]): Promise<number> {
  const end = performance.now() + duration * 1000;
  let answers = 0;
  let sent = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const target = targets[sent++ % targets.length] as Target;
      if ((await send(target, question(sent), false)).startsWith("2")) answers += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answers / duration;
}

const question = (number: number): Shape => ({
  path: "/api/query",
  method: "POST",
  headers: json,
  body: JSON.stringify({ question: `Where is spare mirror ${number} kept?`, k: 5 }),
});

/** Documents a minute, from the first upload until the last one is ready. */
async function indexed(targets: readonly Target[]): Promise<number> {
  const begun = performance.now();
  for (let number = 0; number < documents; number++) {
    const outcome = await send(targets[number % targets.length] as Target, upload(number), false);
    if (!outcome.startsWith("2")) throw new Error(`an upload failed: ${outcome}`);
  }
  const [first] = targets;
  await eventually(async () => {
    const answer = await fetch(`http://${first?.host}:${first?.port}/api/documents?limit=100`);
    const { documents: all } = (await answer.json()) as { documents: { state: string }[] };
    return all.filter(({ state }) => state === "ready").length >= documents || undefined;
  }, 600);
  return (documents * 60_000) / (performance.now() - begun);
}

/** About 20 chunks of text that no other document has. */
function upload(number: number): Shape {
  const line = "------------------------ragdocksizes";
  const text = Array.from({ length: 400 }, (_, index) => `Crate ${number}-${index} holds a lantern.`).join(
    " ",
  );
  const head = `--${line}\r\ncontent-disposition: form-data; name="file"; filename="size-${number}.txt"\r\ncontent-type: text/plain\r\n\r\n`;
  return {
    path: "/api/documents",
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${line}` },
    body: `${head}${text}\r\n--${line}--\r\n`,
  };
}
