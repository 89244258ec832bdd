import type { Checkout } from "../bench/checkout.ts";
import { type Ran, secondsOf } from "../bench/measure.ts";
import { type Seen, underTraffic } from "../traffic.ts";
import { grafanaStandIn } from "./grafana.ts";

/** A change of a running stack that must not be noticed, made `rounds` times under load, with `make` and nothing else. */
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

/** @param file a module of the application, which gets a line of comment */
export const image = (file: string): Change => ({
  name: "a new image of the application",
  make: async (checkout, round) => {
    checkout.append(file, `# release ${round} of ${Date.now()}\n`);
    return [await up(checkout)];
  },
});

/** @param services settings of the API, others each time */
export const setting = (services: (round: number) => Record<string, unknown>): Change => ({
  name: "a changed setting of the API",
  make: async (checkout, round) => {
    checkout.configure({ services: services(round) });
    return [await up(checkout)];
  },
});

/** @param api the service that answers users */
export const replicas = (api: string): Change => ({
  name: "replicas 1 → 3 → 1",
  make: async (checkout) => {
    checkout.configure({ services: { [api]: { replicas: 3 } } });
    const wide = await up(checkout);
    checkout.configure({});
    return [wide, await up(checkout)];
  },
});

/** @param first the API's route as it stands in the system's file; another one is written after it */
export const route = (file: string, first: string): Change => ({
  name: "a changed gateway route",
  make: async (checkout, round) => {
    checkout.replace(file, first, `${first}\n${first.replace("/api/", `/v${round}/`)}`);
    return [await up(checkout)];
  },
});

/** @param secret as `make rotate` calls it */
export const rotated = (secret: string): Change => ({
  name: secret === "metrics-path" ? "a rotated path of the metrics" : `a rotated password of ${secret}`,
  make: async (checkout) => [await checkout.make("rotate", `SECRET=${secret}`)],
});

/** Where Grafana's image cannot be had, its stand-in comes before the change and goes after it, under the same load. */
export const dashboard: Change = {
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
};

/** The one setting that every system with monitoring has of it. */
export const scrapeInterval: Change = {
  name: "a changed scrape interval of Prometheus",
  make: async (checkout, round) => {
    checkout.configure({ monitoring: { scrapeInterval: `${10 + (round % 2)}s` } });
    return [await up(checkout)];
  },
};

/** One change under load; throws when `make` fails. */
export async function observe(change: Change, checkout: Checkout, round: number): Promise<Changed> {
  let seconds = 0;
  const seen = await underTraffic(checkout.port, async () => {
    for (const ran of await change.make(checkout, round)) seconds += secondsOf(change.name, ran);
  });
  return { ...seen, seconds };
}
