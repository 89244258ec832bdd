import { type Seen, underTraffic } from "../traffic.ts";
import { type Changes, type Checkout, port } from "./checkout.ts";
import type { ComposeProject } from "./compose-tool.ts";
import { benchSystem, composeFiles } from "./everyday.ts";
import { attempt, type Ran, say, secondsOf } from "./measure.ts";
import type { Disruption } from "./results.ts";

/**
 * A change as a user of each tool would make it. Both start from the system after the change
 * before.
 */
interface Both {
  readonly change: string;
  readonly ours: (checkout: Checkout) => Promise<readonly Ran[]>;
  readonly compose: (project: ComposeProject, checkout: Checkout) => Promise<readonly Ran[]>;
}

const oursWith =
  (...steps: readonly Changes[]) =>
  async (checkout: Checkout): Promise<Ran[]> => {
    const ran: Ran[] = [];
    for (const changes of steps) {
      checkout.configure(changes);
      ran.push(await checkout.make("up"));
    }
    return ran;
  };

const composeWith =
  (...steps: readonly Changes[]) =>
  async (project: ComposeProject, checkout: Checkout): Promise<Ran[]> => {
    const ran: Ran[] = [];
    for (const changes of steps) {
      await rewrite(project, checkout, changes);
      ran.push(await project.up());
    }
    return ran;
  };

async function rewrite(project: ComposeProject, checkout: Checkout, changes: Changes): Promise<void> {
  const { file, configs } = await composeFiles(checkout, benchSystem(checkout.images, changes));
  project.rewrite(file, configs);
}

const environment = { RAG_LOG_LEVEL: "WARNING" };
const quiet = { services: { api: { environment } } };
const wide = { services: { api: { environment, replicas: 3 } } };
const gateway = { services: { ...quiet.services, gateway: { port, environment: { CHANGED: "1" } } } };
const seldom = { ...quiet, monitoring: { scrapeInterval: "30s" } };

const changes: readonly Both[] = [
  {
    change: "new image of the application",
    ours: (checkout) => checkout.edited(async () => [await checkout.make("up")]),
    compose: (project, checkout) => checkout.edited(async () => [await project.up()]),
  },
  { change: "changed setting of the API", ours: oursWith(quiet), compose: composeWith(quiet) },
  { change: "replicas 1 → 3 → 1", ours: oursWith(wide, quiet), compose: composeWith(wide, quiet) },
  {
    change: "changed gateway",
    ours: oursWith(gateway),
    compose: async (project) => [await project.recreate("gateway")],
  },
  {
    change: "changed scrape interval of Prometheus",
    ours: oursWith(seldom),
    compose: async (project, checkout) => {
      await rewrite(project, checkout, seldom);
      return [await project.recreate("prometheus")];
    },
  },
  {
    // The best procedure that Compose allows: it adds a second user to the database and keeps the
    // first one.
    change: "rotated password of postgres",
    ours: async (checkout) => [await checkout.make("rotate", "SECRET=postgres")],
    compose: async (project, checkout) => {
      await rewrite(project, checkout, { ...seldom, rotations: { postgres: 2 } });
      const learned = await project.rerun("postgres-credentials");
      return [learned, await project.recreate("api", "worker", "postgres-exporter")];
    },
  },
];

/**
 * Makes every change under traffic, first with Ragdock and then with Compose. Ragdock's stack is up
 * before and after.
 */
export async function disrupt(
  checkout: Checkout,
  compose: ComposeProject | undefined,
  failures: string[],
): Promise<Disruption[]> {
  const ours = await each("Ragdock", failures, (both) =>
    underTraffic(checkout.port, () => checked(both, both.ours(checkout))),
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
      underTraffic(checkout.port, () => checked(both, both.compose(compose, checkout))),
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
