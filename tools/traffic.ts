import { setTimeout } from "node:timers/promises";
import { agentOf, type Shape, send, type Target } from "../cli/load/send.ts";

/** The results of traffic. */
export interface Seen {
  readonly sent: number;
  /** The number of each kind of failure: a status or a broken connection. */
  readonly failures: Readonly<Record<string, number>>;
  /** The longest time without an answer, in seconds. */
  readonly gap: number;
}

/**
 * Requests a second. Half of them use kept connections and half use new ones. A fifth are writes,
 * and a tenth are streamed answers.
 */
const rate = 50;

/**
 * Sends steady traffic to a gateway while `work` runs, and for `after` more seconds.
 * @param targets one gateway, or several that get the requests in turn
 */
export async function underTraffic(
  targets: Target | readonly Target[],
  work: () => Promise<unknown>,
  after = 3,
): Promise<Seen> {
  const all = [targets].flat().map((target) => ({
    target,
    kept: agentOf(target, { keepAlive: true, maxSockets: 20 }),
  }));
  const running = new Set<Promise<void>>();
  const failures: Record<string, number> = {};
  let sent = 0;
  let gap = 0;
  let last = performance.now();
  const one = async (number: number): Promise<void> => {
    const { target, kept } = all[number % all.length] as (typeof all)[number];
    const outcome = await send(target, shape(number), isKept(number, all.length) ? kept : false);
    const now = performance.now();
    if (/^2\d\d$/.test(outcome)) {
      gap = Math.max(gap, now - last);
      last = now;
    } else {
      failures[outcome] = (failures[outcome] ?? 0) + 1;
    }
  };
  const timer = setInterval(() => {
    const next = one(sent++).finally(() => running.delete(next));
    running.add(next);
  }, 1000 / rate);
  try {
    await setTimeout(2000);
    await work();
    await setTimeout(after * 1000);
  } finally {
    clearInterval(timer);
    await Promise.all(running);
    for (const { kept } of all) kept.destroy();
  }
  return { sent, failures, gap: gap / 1000 };
}

/** Half of the requests to each of several gateways use kept connections. */
const isKept = (number: number, gateways: number): boolean => Math.floor(number / gateways) % 2 === 0;

const json = { "content-type": "application/json" };
const list: Shape = { path: "/api/documents", method: "GET" };
const question: Shape = {
  path: "/api/query",
  method: "POST",
  headers: json,
  body: JSON.stringify({ question: "Where is the spare mirror kept?", k: 2 }),
};
const streamed: Shape = { ...question, headers: { ...json, accept: "text/event-stream" } };

/** Returns one of ten requests, which repeat. */
const shape = (number: number): Shape =>
  [streamed, upload(number), upload(number), question, question][number % 10] ?? list;

/** Returns the upload of one of three small documents. The API has it after the first time. */
function upload(number: number): Shape {
  const line = "------------------------ragdockload";
  const body =
    `--${line}\r\ncontent-disposition: form-data; name="file"; filename="load-${number % 3}.md"\r\n` +
    `content-type: text/markdown\r\n\r\nLoad document ${number % 3}.\r\n--${line}--\r\n`;
  return {
    path: "/api/documents",
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${line}` },
    body,
  };
}
