import { say } from "../bench/measure.ts";
import { type Seen, underTraffic } from "../traffic.ts";
import type { World } from "./world.ts";

/** What came of killing `make up` again and again. */
export interface Interrupted extends Seen {
  readonly tries: number;
  /** Runs after a kill that did not end well at once. */
  readonly stuck: number;
  /** Seconds of the run after a kill, the slowest. */
  readonly slowest: number;
}

/** Longest time, in seconds, after which an `up` that replaces API and gateway is killed; it takes about that long. */
const longest = 20;

/** Kills `make up` at random moments, each time in the middle of another change; the next one has to go on from there. */
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
        `  killed after ${after.toFixed(1)} s; the next one ended with ${next.code} after ${next.seconds.toFixed(1)} s`,
      );
    }
  });
  return { ...seen, tries, stuck, slowest };
}
