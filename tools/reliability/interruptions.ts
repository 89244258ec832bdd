import { say } from "../bench/measure.ts";
import { type Seen, underTraffic } from "../traffic.ts";
import type { World } from "./world.ts";

/** The result of repeated kills of `make up`. */
export interface Interrupted extends Seen {
  readonly tries: number;
  /** The number of runs after a kill that failed. */
  readonly stuck: number;
  /** Seconds of the slowest run after a kill. */
  readonly slowest: number;
}

/**
 * The latest moment of a kill, in seconds after the start. An `up` that replaces API and gateway
 * takes about that long.
 */
const longest = 20;

/**
 * Kills `make up` at random moments, each time during another change. The next `make up` has to
 * continue from there.
 */
export async function interrupt(
  { checkout }: World,
  tries: number,
  changing: (round: number) => Record<string, unknown>,
): Promise<Interrupted> {
  let stuck = 0;
  let slowest = 0;
  const seen = await underTraffic(checkout.port, async () => {
    for (let i = 1; i <= tries; i++) {
      checkout.configure({ services: changing(i) });
      const after = 0.5 + Math.random() * longest;
      await checkout.killed(after);
      const next = await checkout.make("up");
      if (next.code !== 0) stuck += 1;
      slowest = Math.max(slowest, next.seconds);
      say(
        `  killed after ${after.toFixed(1)} s; the next run ended with ${next.code} after ${next.seconds.toFixed(1)} s`,
      );
    }
  });
  return { ...seen, tries, stuck, slowest };
}
