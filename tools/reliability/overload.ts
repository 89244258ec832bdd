import { setTimeout } from "node:timers/promises";
import { count, kindOf, type Shape, send } from "../../cli/load/send.ts";
import { docker, serviceOf } from "../../host/docker.ts";
import type { Checkout } from "../bench/checkout.ts";
import { flood } from "./flood.ts";
import type { Overload } from "./requests.ts";

/** The result of an overload. */
export interface Overloaded {
  readonly name: string;
  /** Answers a second, with eight requests at a time. */
  readonly sustainable: number;
  readonly sent: number;
  /** The number of requests by status or error. */
  readonly outcomes: Readonly<Record<string, number>>;
  /**
   * Seconds of the slowest answer to a health check and to a list of documents during the overload.
   */
  readonly slowest: number;
  /** The health checks and lists that failed. */
  readonly unanswered: Readonly<Record<string, number>>;
  /** The containers that were killed, restarted or unhealthy. */
  readonly hurt: readonly string[];
  /** Seconds after the overload until a request of the same kind is answered within a second. */
  readonly normalAfter: number;
}

/** The overload, as a multiple of the sustainable rate. */
const factor = 20;

const isGood = (outcome: string): boolean => outcome.startsWith("2");

/** Sends 20 times as many requests as the stack can answer, and watches its other users. */
export async function overload({ name, shape }: Overload, checkout: Checkout): Promise<Overloaded> {
  let number = 1_000_000;
  const sustainable = await answersPerSecond(checkout, () => shape(number++));
  const since = Math.floor(Date.now() / 1000);
  const before = await restarts(checkout);
  const ended = new AbortController();
  const others = watch(checkout, ended.signal);
  const { target, authority } = checkout;
  const flooded = flood({ target, authority, name, rate: sustainable * factor });
  const sent = await flooded.sent;
  const normalAfter = await secondsToNormal(checkout, () => shape(number++));
  const outcomes = await flooded.outcomes;
  ended.abort();
  const seen = await others;
  const hurt = [
    ...(await killed(checkout, since)),
    ...(await restarted(checkout, before)),
    ...seen.unhealthy,
  ];
  return { name, sustainable, sent, outcomes, ...seen.answers, hurt: [...new Set(hurt)], normalAfter };
}

async function answersPerSecond(checkout: Checkout, shape: () => Shape): Promise<number> {
  const end = performance.now() + 10_000;
  let answers = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) if (isGood(await send(checkout.target, shape(), false))) answers += 1;
  };
  await Promise.all(Array.from({ length: 8 }, client));
  return Math.max(1, answers / 10);
}

interface Watched {
  readonly answers: Pick<Overloaded, "slowest" | "unanswered">;
  readonly unhealthy: readonly string[];
}

/** Requests health and documents twice a second, as other users do. */
async function watch(checkout: Checkout, ended: AbortSignal): Promise<Watched> {
  const unanswered: Record<string, number> = {};
  const unhealthy = new Set<string>();
  let slowest = 0;
  const ask = async (path: string): Promise<void> => {
    const begun = performance.now();
    const outcome = await send(checkout.target, { path, method: "GET" }, false);
    slowest = Math.max(slowest, (performance.now() - begun) / 1000);
    if (!isGood(outcome)) count(unanswered, `${kindOf(outcome)} ${path}`);
  };
  while (!ended.aborted) {
    await Promise.all([ask("/api/health"), ask("/api/documents?limit=1"), setTimeout(500)]);
    for (const container of await checkout.containers())
      if (container.State.Health?.Status === "unhealthy") unhealthy.add(`${serviceOf(container)} unhealthy`);
  }
  return { answers: { slowest, unanswered }, unhealthy: [...unhealthy] };
}

async function secondsToNormal(checkout: Checkout, shape: () => Shape): Promise<number> {
  const begun = performance.now();
  const seconds = (from: number): number => (performance.now() - from) / 1000;
  for (;;) {
    const one = performance.now();
    const outcome = await send(checkout.target, shape(), false);
    if (isGood(outcome) && seconds(one) < 1) return seconds(begun);
    if (seconds(begun) > 120) throw new Error(`not normal again after 120 s: ${outcome}`);
    await setTimeout(100);
  }
}

const restarts = async (checkout: Checkout): Promise<Map<string, number>> =>
  new Map((await checkout.containers()).map(({ Id, RestartCount }) => [Id, RestartCount]));

async function restarted(checkout: Checkout, before: ReadonlyMap<string, number>): Promise<string[]> {
  const now = await checkout.containers();
  return now.filter((c) => c.RestartCount > (before.get(c.Id) ?? 0)).map((c) => `${serviceOf(c)} restarted`);
}

async function killed(checkout: Checkout, since: number): Promise<string[]> {
  const window = ["--since", String(since), "--until", String(Math.floor(Date.now() / 1000))];
  const text = await docker("events", ...window, "--filter", "event=oom", "--format", "{{.Actor.ID}}");
  const ids = new Set(text.split("\n").filter(Boolean));
  const own = (await checkout.containers()).filter(({ Id }) => ids.has(Id));
  return own.map((c) => `${serviceOf(c)} out of memory`);
}
