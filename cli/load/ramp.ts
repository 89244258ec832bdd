/** Sends requests at a rising rate until an objective breaks. */
import { setTimeout } from "node:timers/promises";
import { agentOf, count, kindOf, type Shape, send, type Target } from "./send.ts";

/** What the stack must keep. */
export interface Objective {
  /** Milliseconds in which 95 of 100 requests are answered. */
  readonly p95: number;
  /** The share of requests that may fail. */
  readonly failures: number;
}

/** The results at one rate. */
export interface Step {
  /** Requests a second that were sent. */
  readonly rate: number;
  readonly sent: number;
  /** Good answers a second. */
  readonly answered: number;
  /** Milliseconds, for successful answers. */
  readonly p50: number;
  readonly p95: number;
  /** The share that failed. */
  readonly failed: number;
  /** The number of failures by status or error. */
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * Open requests. The ingress allows 2000 open requests per address, and other users may share the
 * address.
 */
const most = 1000;

/** Steps between the last good rate and the first bad one. */
const refinements = 2;

const firstRate = 5;

/** Whether a step keeps the objective. */
export const keeps = ({ p95, failures }: Objective, step: Step): boolean =>
  step.p95 <= p95 && step.failed <= failures;

/** The next rate, or undefined if the search is over. Rates double until the objective breaks. */
export function nextRate(steps: readonly Step[], objective: Objective, highest: number): number | undefined {
  const good = Math.max(0, ...steps.filter((step) => keeps(objective, step)).map(({ rate }) => rate));
  const firstBad = steps.findIndex((step) => !keeps(objective, step));
  if (firstBad < 0) {
    if (good >= highest) return undefined;
    return Math.min(good === 0 ? firstRate : good * 2, highest);
  }
  if (steps.length - firstBad > refinements) return undefined;
  const bad = Math.min(...steps.filter((step) => !keeps(objective, step)).map(({ rate }) => rate));
  const between = Math.round((good + bad) / 2);
  return between === good || between === bad ? undefined : between;
}

/** Sends requests at a steady rate, whether the earlier ones have been answered or not. */
export async function measure(target: Target, shape: Shape, rate: number, seconds: number): Promise<Step> {
  const agent = agentOf(target, { keepAlive: true, maxSockets: most });
  const failures: Record<string, number> = {};
  const times: number[] = [];
  const running = new Set<Promise<void>>();
  const begun = performance.now();
  const passed = (): number => (performance.now() - begun) / 1000;
  const one = async (): Promise<void> => {
    const sentAt = performance.now();
    const outcome = await send(target, shape, agent);
    if (outcome.startsWith("2")) times.push(performance.now() - sentAt);
    else count(failures, kindOf(outcome));
  };
  const total = Math.round(rate * seconds);
  let sent = 0;
  while (sent < total) {
    for (const due = Math.min(total, passed() * rate); sent < due; sent++) {
      if (running.size >= most) {
        count(failures, `not sent, because ${most} requests were already waiting`);
        continue;
      }
      const request: Promise<void> = one().finally(() => running.delete(request));
      running.add(request);
    }
    await setTimeout(5);
  }
  await Promise.all(running);
  agent.destroy();
  times.sort((a, b) => a - b);
  return {
    rate,
    sent,
    answered: times.length / Math.max(seconds, passed()),
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    failed: 1 - times.length / sent,
    failures,
  };
}

/** A percentile of sorted numbers. Infinite if there are none, because nothing was answered. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.ceil(sorted.length * share) - 1] ?? Number.POSITIVE_INFINITY;
