import { docker, serviceOf } from "../../host/docker.ts";
import type { Checkout } from "./checkout.ts";
import type { ComposeTwin } from "./compose-twin.ts";
import { type Ran, say } from "./measure.ts";

/**
 * The number of measurements of short commands in one round. The times of short commands vary most.
 */
const repeated = 2;

/** The commands that the bench measures repeatedly and compares with Compose. */
export type Topic = "unchanged" | "preview" | "warm" | "edit";

/** The seconds of one command with each tool, in the order of the measurements. */
export interface Pair {
  readonly ours: number[];
  readonly compose: number[];
}

/**
 * Measures everyday commands in one round. Ragdock and Compose take turns on the same ports. Before
 * and after a round, Ragdock's stack is up and its source is not edited.
 */
export async function round(
  checkout: Checkout,
  twin: ComposeTwin | undefined,
  pairs: Readonly<Record<Topic, Pair>>,
): Promise<void> {
  const record = (topic: Topic, whose: keyof Pair, { seconds }: Ran): void => {
    pairs[topic][whose].push(seconds);
    say(`  ${topic}, ${whose === "ours" ? "Ragdock" : "Compose"}: ${seconds.toFixed(1)} s`);
  };
  record("edit", "ours", await checkout.edited(() => checkout.make("up")));
  await checkout.make("down");
  try {
    if (twin) {
      const start = await twin.up();
      // The first `up` creates the volumes and builds the application, so it does not count as a
      // warm start.
      if (twin.isWarm) record("warm", "compose", start);
      twin.isWarm = true;
      for (let i = 0; i < repeated; i++) {
        record("unchanged", "compose", await twin.up());
        record("preview", "compose", await twin.up("--dry-run"));
      }
      record("edit", "compose", await checkout.edited(() => twin.up()));
    }
  } finally {
    await twin?.down();
  }
  record("warm", "ours", await checkout.make("up"));
  for (let i = 0; i < repeated; i++) {
    record("unchanged", "ours", await checkout.make("up"));
    record("preview", "ours", await checkout.make("preview"));
  }
}

/** A service or an image, and its number. */
export type Amount = readonly [name: string, amount: number];

const largestFirst = (amounts: readonly Amount[]): Amount[] => amounts.toSorted(([, a], [, b]) => b - a);

const unit: Readonly<Record<string, number>> = { B: 1 / 2 ** 20, KiB: 1 / 1024, MiB: 1, GiB: 1024 };

/** Returns the current memory of each container of the stack in MiB, the largest first. */
export async function memoryOf(checkout: Checkout): Promise<Amount[]> {
  const running = (await checkout.containers()).filter((c) => c.State.Status === "running");
  const names = new Map(running.map((c) => [c.Id.slice(0, 12), serviceOf(c)]));
  const text = await docker("stats", "--no-stream", "--format", "{{.ID}} {{.MemUsage}}", ...names.keys());
  const usages = text.matchAll(/^(\S+) ([\d.]+)([A-Za-z]+)/gm);
  return largestFirst(
    [...usages].map(([, id = "", amount, suffix = ""]) => [
      names.get(id) ?? id,
      Number(amount) * (unit[suffix] ?? Number.NaN),
    ]),
  );
}

/** Returns the sizes of the stack's images in MB as in `docker images`, the largest first. */
export async function sizesOf(checkout: Checkout): Promise<Amount[]> {
  const built = [...(await checkout.builtImages())];
  const text = await docker("image", "inspect", "--format", "{{.Size}}", ...built.map(([, { id }]) => id));
  const sizes = text.split("\n").map(Number);
  return largestFirst(built.map(([image], index) => [image, (sizes[index] ?? Number.NaN) / 1e6]));
}
