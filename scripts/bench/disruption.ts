import type { Checkout } from "./checkout.ts";
import type { ComposeProject } from "./compose-tool.ts";
import { benchSystem, composeFiles } from "./everyday.ts";
import { type Seen, underLoad } from "./load.ts";
import { attempt, type Ran, say, secondsOf } from "./measure.ts";
import type { Disruption } from "./results.ts";

/** A change as a user of each would make it; both begin with the system as it was after the change before. */
interface Both {
  readonly change: string;
  readonly ours: (checkout: Checkout) => Promise<readonly Ran[]>;
  readonly compose: (project: ComposeProject, checkout: Checkout) => Promise<readonly Ran[]>;
}

const oursWith =
  (...steps: readonly Record<string, unknown>[]) =>
  async (checkout: Checkout): Promise<Ran[]> => {
    const ran: Ran[] = [];
    for (const services of steps) {
      checkout.configure({ services });
      ran.push(await checkout.make("up"));
    }
    return ran;
  };

const composeWith =
  (...steps: readonly Record<string, unknown>[]) =>
  async (project: ComposeProject, checkout: Checkout): Promise<Ran[]> => {
    const ran: Ran[] = [];
    for (const services of steps) {
      const { file, configs } = await composeFiles(checkout, benchSystem(checkout.images, services));
      project.rewrite(file, configs);
      ran.push(await project.up());
    }
    return ran;
  };

const quiet = { api: { environment: { RAG_LOG_LEVEL: "WARNING" } } };
const wide = { api: { environment: quiet.api.environment, replicas: 3 } };

const changes: readonly Both[] = [
  {
    change: "a new image of the application",
    ours: (checkout) => checkout.edited(async () => [await checkout.make("up")]),
    compose: (project, checkout) => checkout.edited(async () => [await project.up()]),
  },
  { change: "a changed setting of the API", ours: oursWith(quiet), compose: composeWith(quiet) },
  { change: "replicas 1 → 3 → 1", ours: oursWith(wide, quiet), compose: composeWith(wide, quiet) },
  {
    change: "a changed gateway",
    ours: oursWith({ ...quiet, gateway: { port: 28_080, environment: { CHANGED: "1" } } }),
    compose: async (project) => [await project.recreate("gateway")],
  },
];

/** Makes every change under load, first Ragdock's stack, then Compose's; begins and ends with Ragdock's up. */
export async function disrupt(
  checkout: Checkout,
  compose: ComposeProject | undefined,
  failures: string[],
): Promise<Disruption[]> {
  const ours = await each("Ragdock", failures, (both) =>
    underLoad(checkout.port, () => checked(both, both.ours(checkout))),
  );
  const theirs = compose ? await underCompose(checkout, compose, failures) : [];
  return changes.map(({ change }, index) => ({
    change,
    ...(ours[index] ? { ours: ours[index] } : {}),
    ...(theirs[index] ? { compose: theirs[index] } : {}),
  }));
}

async function underCompose(
  checkout: Checkout,
  compose: ComposeProject,
  failures: string[],
): Promise<(Seen | undefined)[]> {
  secondsOf("make down", await checkout.make("down"));
  try {
    secondsOf("compose up", await compose.up());
    return await each("Compose", failures, (both) =>
      underLoad(checkout.port, () => checked(both, both.compose(compose, checkout))),
    );
  } finally {
    await compose.down();
    checkout.configure({});
    secondsOf("make up", await checkout.make("up"));
  }
}

async function each(
  who: string,
  failures: string[],
  measure: (both: Both) => Promise<Seen>,
): Promise<(Seen | undefined)[]> {
  const all: (Seen | undefined)[] = [];
  for (const both of changes) {
    const seen = await attempt(`${both.change}, ${who}`, failures, () => measure(both));
    if (seen) say(`  ${seen.sent} sent, ${JSON.stringify(seen.failures)}, ${seen.gap.toFixed(1)} s gap`);
    all.push(seen);
  }
  return all;
}

async function checked({ change }: Both, work: Promise<readonly Ran[]>): Promise<void> {
  for (const ran of await work) secondsOf(change, ran);
}
