import { describe } from "vitest";
import { missingForSwarm, type TestSwarm } from "../../tools/swarm/nodes.ts";

const missing = missingForSwarm();
if (missing) console.log(`skipped: ${missing} is missing`);

/** Describes tests with a Swarm. Skips them, with a line, where this machine cannot have one. */
export const describeSwarm = describe.skipIf(missing);

/** The lines of a command's output. */
export const lines = (text: string): string[] => text.split("\n").filter(Boolean);

/** The number of containers of a service on each node. */
export const containersOn = (swarm: TestSwarm, stack: string, service: string): Promise<number[]> =>
  Promise.all(
    swarm.nodes.map(async (node) => {
      const filters = [`label=ragdock.service=${service}`, `label=ragdock.stack=${stack}`];
      const ids = await node.docker("ps", "-q", ...filters.flatMap((filter) => ["--filter", filter]));
      return lines(ids).length;
    }),
  );

/** Requests that were sent, and the failures among them. */
export interface Asked {
  readonly sent: number;
  readonly failed: readonly string[];
}

/** Asks an address 50 times a second while `work` runs, and for 5 s more. */
export async function askedDuring(
  url: string,
  work: () => Promise<unknown>,
  init: RequestInit = {},
): Promise<Asked> {
  const running = new Set<Promise<void>>();
  const failed: string[] = [];
  let sent = 0;
  const one = async (): Promise<void> => {
    const answer = await fetch(url, init).catch((error: Error) => error);
    if (answer instanceof Error) failed.push(String(answer.cause ?? answer.message));
    else if (answer.status !== 200) failed.push(String(answer.status));
  };
  const timer = setInterval(() => {
    sent++;
    const next = one().finally(() => running.delete(next));
    running.add(next);
  }, 20);
  try {
    await work();
    await new Promise((wait) => setTimeout(wait, 5000));
  } finally {
    clearInterval(timer);
    await Promise.all(running);
  }
  return { sent, failed };
}
