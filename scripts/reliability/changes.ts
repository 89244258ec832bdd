import type { Checkout } from "../bench/checkout.ts";
import { type Seen, underLoad } from "../bench/load.ts";
import { type Ran, secondsOf } from "../bench/measure.ts";
import { grafanaStandIn } from "./grafana.ts";

/** A change of a running stack, made `rounds` times while the load goes on. */
export interface Change {
  readonly name: string;
  /** Makes the change for the `round`-th time, each time another one, and brings it up. */
  readonly make: (checkout: Checkout, round: number) => Promise<readonly Ran[]>;
}

/** What the load saw of one change. */
export interface Changed extends Seen {
  /** Of `make up`, or of all of them where a change takes several. */
  readonly seconds: number;
}

const up = (checkout: Checkout): Promise<Ran> => checkout.make("up");

/** Every change that must not be noticed; all of them are made with `make` and nothing else. */
export const changes: readonly Change[] = [
  {
    name: "a new image of the application",
    make: async (checkout, round) => {
      checkout.append("app/ragapp/__init__.py", `# release ${round} of ${Date.now()}\n`);
      return [await up(checkout)];
    },
  },
  {
    name: "a changed setting of the API",
    make: async (checkout, round) => {
      checkout.configure({ services: { api: { environment: { RAG_LOG_LEVEL: either(round) } } } });
      return [await up(checkout)];
    },
  },
  {
    name: "replicas 1 → 3 → 1",
    make: async (checkout) => {
      checkout.configure({ services: { api: { replicas: 3 } } });
      const wide = await up(checkout);
      checkout.configure({});
      return [wide, await up(checkout)];
    },
  },
  {
    name: "a changed gateway route",
    make: async (checkout, round) => {
      const first = '{ path: "/api/", service: "api", port: 8000 },';
      const another = `{ path: "/v${round}/", service: "api", port: 8000 },`;
      checkout.replace("config/systems/full.ts", first, `${first}\n${another}`);
      return [await up(checkout)];
    },
  },
  ...["postgres", "redis"].map((secret) => ({
    name: `a rotated password of ${secret}`,
    make: async (checkout: Checkout) => [await checkout.make("rotate", `SECRET=${secret}`)],
  })),
  {
    // Where Grafana's image cannot be had, its stand-in comes before the change and goes after it, under the same load.
    name: "a changed dashboard",
    make: async (checkout, round) => {
      const isHad = checkout.images === "registry";
      const pinned = isHad ? {} : { grafana: await grafanaStandIn(await checkout.containers()) };
      checkout.configure({ pinned });
      const before = await up(checkout);
      const title = 'title: "Traffic';
      checkout.replace("monitoring/dashboards/overview.ts", title, `${title} ${round}`);
      const changed = await up(checkout);
      checkout.configure({});
      return [before, changed, await up(checkout)];
    },
  },
  {
    name: "a changed scrape interval of Prometheus",
    make: async (checkout, round) => {
      checkout.configure({ monitoring: { scrapeInterval: `${10 + (round % 2)}s` } });
      return [await up(checkout)];
    },
  },
];

const either = (round: number): string => (round % 2 === 0 ? "WARNING" : "ERROR");

/** One change under load; throws when `make` fails. */
export async function observe(change: Change, checkout: Checkout, round: number): Promise<Changed> {
  let seconds = 0;
  const seen = await underLoad(checkout.port, async () => {
    for (const ran of await change.make(checkout, round)) seconds += secondsOf(change.name, ran);
  });
  return { ...seen, seconds };
}
