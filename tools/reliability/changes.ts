import type { Checkout } from "../bench/checkout.ts";
import { type Ran, secondsOf } from "../bench/measure.ts";
import { type Seen, underTraffic } from "../traffic.ts";
import { grafanaStandIn } from "./grafana.ts";

/**
 * A change of a running stack that must fail no request. A run makes it several times under
 * traffic, with `make` only.
 */
export interface Change {
  readonly name: string;
  /** Makes and deploys the change. Each round makes another one. */
  readonly make: (checkout: Checkout, round: number) => Promise<readonly Ran[]>;
}

/** The traffic's results of one change. */
export interface Changed extends Seen {
  /** Seconds of all `make` commands of the change. */
  readonly seconds: number;
}

const up = (checkout: Checkout): Promise<Ran> => checkout.make("up");

/** @param file a module of the application. The change adds a comment line to it. */
export const image = (file: string): Change => ({
  name: "new image of the application",
  make: async (checkout, round) => {
    checkout.append(file, `# revision ${round} of ${Date.now()}\n`);
    return [await up(checkout)];
  },
});

/** @param services settings of the API, which differ in each round */
export const setting = (services: (round: number) => Record<string, unknown>): Change => ({
  name: "changed setting of the API",
  make: async (checkout, round) => {
    checkout.configure({ services: services(round) });
    return [await up(checkout)];
  },
});

/** @param api the service behind the API's routes */
export const replicas = (api: string): Change => ({
  name: "replicas 1 → 3 → 1",
  make: async (checkout) => {
    checkout.configure({ services: { [api]: { replicas: 3 } } });
    const wide = await up(checkout);
    checkout.configure({});
    return [wide, await up(checkout)];
  },
});

/** @param first the API's route in the system's file. The change adds another route after it. */
export const route = (file: string, first: string): Change => ({
  name: "changed gateway route",
  make: async (checkout, round) => {
    checkout.replace(file, first, `${first}\n${first.replace("/api/", `/v${round}/`)}`);
    return [await up(checkout)];
  },
});

/** @param secret the secret's name in `make rotate` */
export const rotated = (secret: string): Change => ({
  name: secret === "metrics-path" ? "rotated metrics path" : `rotated password of ${secret}`,
  make: async (checkout) => [await checkout.make("rotate", `SECRET=${secret}`)],
});

/**
 * Changes a dashboard. If Grafana's image cannot be pulled, its stand-in runs during the change,
 * under the same traffic.
 */
export const dashboard: Change = {
  name: "changed dashboard",
  make: async (checkout, round) => {
    const canPull = checkout.images === "registry";
    const pinned = canPull ? {} : { grafana: await grafanaStandIn(await checkout.containers()) };
    checkout.configure({ pinned });
    const before = await up(checkout);
    const title = 'title: "Traffic';
    checkout.replace("monitoring/dashboards/overview.ts", title, `${title} ${round}`);
    const changed = await up(checkout);
    checkout.configure({});
    return [before, changed, await up(checkout)];
  },
};

/** Changes the one monitoring setting that every system with monitoring has. */
export const scrapeInterval: Change = {
  name: "changed scrape interval of Prometheus",
  make: async (checkout, round) => {
    checkout.configure({ monitoring: { scrapeInterval: `${10 + (round % 2)}s` } });
    return [await up(checkout)];
  },
};

/** Makes one change under traffic. @throws if `make` fails */
export async function observe(change: Change, checkout: Checkout, round: number): Promise<Changed> {
  let seconds = 0;
  const seen = await underTraffic(checkout.port, async () => {
    for (const ran of await change.make(checkout, round)) seconds += secondsOf(change.name, ran);
  });
  return { ...seen, seconds };
}
