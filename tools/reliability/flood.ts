/**
 * A thread that sends an overload. So a busy sender does not delay the requests of the other
 * clients.
 */
import { setTimeout } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { agentOf, count, kindOf, send, type Target } from "../../cli/load/send.ts";
import { overloads } from "./requests.ts";

/** Seconds of the overload. */
const duration = 60;

/** Open requests. The ingress allows one address 2000, and the watcher has the same address. */
const most = 1500;

interface Order {
  readonly target: Target;
  /** The authority of the stack's certificate. */
  readonly authority: string | undefined;
  /** The name of the overload. */
  readonly name: string;
  /** Requests a second. */
  readonly rate: number;
}

/** The results: `sent` when the last request is sent, and `outcomes` when all have ended. */
export interface Flood {
  readonly sent: Promise<number>;
  readonly outcomes: Promise<Readonly<Record<string, number>>>;
}

/** Starts the thread. */
export function flood(order: Order): Flood {
  const thread = new Worker(new URL(import.meta.url), { workerData: order });
  const next = <T>(): Promise<T> =>
    new Promise((resolve, reject) => thread.once("message", resolve).once("error", reject));
  const sent = next<number>();
  return { sent, outcomes: sent.then(() => next<Record<string, number>>()) };
}

async function run({ target, authority, name, rate }: Order): Promise<void> {
  if (authority) setDefaultCACertificates([...getCACertificates("default"), authority]);
  const shape = overloads.find((one) => one.name === name)?.shape;
  if (!shape) throw new Error(`there is no overload ${name}`);
  const outcomes: Record<string, number> = {};
  const kept = agentOf(target, { keepAlive: true, maxSockets: most });
  const running = new Set<Promise<void>>();
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  let sent = 0;
  while (seconds() < duration) {
    for (const due = seconds() * rate; sent < due && running.size < most; sent++) {
      const request: Promise<void> = send(target, shape(sent), kept)
        .then((outcome) => count(outcomes, kindOf(outcome)))
        .finally(() => running.delete(request));
      running.add(request);
    }
    await setTimeout(10);
  }
  parentPort?.postMessage(sent);
  await Promise.all(running);
  kept.destroy();
  parentPort?.postMessage(outcomes);
}

if (!isMainThread) await run(workerData);
