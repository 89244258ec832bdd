import { type Seen, underTraffic } from "../traffic.ts";
import { type Checkout, port, type Settings } from "./checkout.ts";
import type { ComposeTwin } from "./compose-twin.ts";
import { attempt, say } from "./measure.ts";

/**
 * A change as a user of each tool would make it. Both tools start from the system as the previous
 * change left it.
 */
interface Change {
  readonly name: string;
  readonly ours: (checkout: Checkout) => Promise<unknown>;
  readonly compose: (twin: ComposeTwin, checkout: Checkout) => Promise<unknown>;
}

/** The traffic's results of one change with each tool. */
export interface Disruption {
  readonly change: string;
  readonly ours: Seen | undefined;
  readonly compose: Seen | undefined;
}

/** Deploys changed settings, one after the other. */
const deploys = (...steps: readonly Settings[]): Pick<Change, "ours" | "compose"> => ({
  ours: async (checkout) => {
    for (const settings of steps) {
      checkout.configure(settings);
      await checkout.make("up");
    }
  },
  compose: async (twin) => {
    for (const settings of steps) {
      twin.configure(settings);
      await twin.up();
    }
  },
});

const environment = { RAG_LOG_LEVEL: "WARNING" };
const quiet = { services: { api: { environment } } };
const wide = { services: { api: { environment, replicas: 3 } } };
const gateway = { services: { ...quiet.services, gateway: { port, environment: { CHANGED: "1" } } } };
const seldom = { ...quiet, monitoring: { scrapeInterval: "30s" } };

const changes: readonly Change[] = [
  {
    name: "new image of the application",
    ours: (checkout) => checkout.edited(() => checkout.make("up")),
    compose: (twin, checkout) => checkout.edited(() => twin.up()),
  },
  { name: "changed setting of the API", ...deploys(quiet) },
  { name: "replicas 1 → 3 → 1", ...deploys(wide, quiet) },
  { name: "changed gateway", ...deploys(gateway), compose: (twin) => twin.recreate("gateway") },
  {
    name: "changed scrape interval of Prometheus",
    ...deploys(seldom),
    compose: async (twin) => {
      twin.configure(seldom);
      await twin.recreate("prometheus");
    },
  },
  {
    // The best procedure that Compose allows: it adds a second user to the database and keeps the
    // first one.
    name: "rotated password of postgres",
    ours: (checkout) => checkout.make("rotate", "SECRET=postgres"),
    compose: async (twin) => {
      twin.configure({ ...seldom, rotations: { postgres: 2 } });
      await twin.rerun("postgres-credentials");
      await twin.recreate("api", "worker", "postgres-exporter");
    },
  },
];

/** Makes every change under traffic with each tool. Ragdock's stack is up before and after. */
export async function disrupt(
  checkout: Checkout,
  twin: ComposeTwin | undefined,
  failures: string[],
): Promise<Disruption[]> {
  const each = async (who: string, make: (change: Change) => Promise<unknown>) => {
    const all: (Seen | undefined)[] = [];
    for (const change of changes) {
      const work = () => underTraffic(checkout.target, () => make(change));
      const seen = await attempt(`${change.name}, ${who}`, failures, work);
      if (seen) say(`  ${seen.sent} sent, ${JSON.stringify(seen.failures)}, ${seen.gap.toFixed(1)} s gap`);
      all.push(seen);
    }
    return all;
  };
  const ours = await each("Ragdock", ({ ours }) => ours(checkout));
  let theirs: (Seen | undefined)[] = [];
  if (twin) {
    await checkout.make("down");
    try {
      await twin.up();
      theirs = await each("Compose", ({ compose }) => compose(twin, checkout));
    } finally {
      await twin.down();
      checkout.configure({});
      await checkout.make("up");
    }
  }
  return changes.map(({ name }, index) => ({ change: name, ours: ours[index], compose: theirs[index] }));
}
