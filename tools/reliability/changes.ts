import type { Checkout, Services, Settings } from "../bench/checkout.ts";
import { type Seen, underTraffic } from "../traffic.ts";
import { grafanaStandIn } from "./grafana.ts";

/** A change of a running stack, made with `make` only. No request may fail. */
export interface Change {
  readonly name: string;
  /**
   * Makes the change and runs `make up` between and after its steps. Each round makes a different
   * change.
   */
  readonly steps: (checkout: Checkout, round: number) => readonly (() => unknown)[];
  /** The arguments of `make` after each step. @default `up` */
  readonly make?: readonly [target: string, ...args: string[]];
}

/** The traffic's results of one change. */
export interface Changed extends Seen {
  /** Seconds of all `make` commands of the change. */
  readonly seconds: number;
}

/** @param file a module of the application. The change adds a comment line to it. */
export const image = (file: string): Change => ({
  name: "new image of the application",
  steps: (checkout, round) => [
    () => checkout.edit(file, (text) => `${text}# revision ${round} of ${Date.now()}\n`),
  ],
});

/** Deploys changed settings, one after the other. */
const deploys = (name: string, ...all: ((round: number) => Settings)[]): Change => ({
  name,
  steps: (checkout, round) => all.map((settings) => () => checkout.configure(settings(round))),
});

/** @param services settings of the API, which differ in each round */
export const setting = (services: (round: number) => Services): Change =>
  deploys("changed setting of the API", (round) => ({ services: services(round) }));

/** @param api the service behind the API's routes */
export const replicas = (api: string): Change =>
  deploys(
    "replicas 1 → 3 → 1",
    () => ({ services: { [api]: { replicas: 3 } } }),
    () => ({}),
  );

/** Changes the one monitoring setting that every system with monitoring has. */
export const scrapeInterval: Change = deploys("changed scrape interval of Prometheus", (round) => ({
  monitoring: { scrapeInterval: `${10 + (round % 2)}s` },
}));

/** @param first the API's route in the system's file. The change adds another route after it. */
export const route = (file: string, first: string): Change => ({
  name: "changed gateway route",
  steps: (checkout, round) => [
    () => checkout.replace(file, first, `${first}\n${first.replace("/api/", `/v${round}/`)}`),
  ],
});

/** @param secret the secret's name in `make rotate` */
export const rotated = (secret: string): Change => ({
  name: secret === "metrics-path" ? "rotated metrics path" : `rotated password of ${secret}`,
  steps: () => [() => {}],
  make: ["rotate", `SECRET=${secret}`],
});

/** Changes a dashboard. A stand-in for Grafana runs if its image cannot be pulled. */
export const dashboard: Change = {
  name: "changed dashboard",
  steps: (checkout, round) => [
    async () => {
      const canPull = checkout.images === "registry";
      checkout.configure({ pinned: canPull ? {} : { grafana: await grafanaStandIn(checkout) } });
    },
    () =>
      checkout.replace("monitoring/dashboards/overview.ts", 'title: "Traffic', `title: "Traffic ${round}`),
    () => checkout.configure({}),
  ],
};

/** Makes one change under traffic. @throws if `make` fails */
export async function observe(change: Change, checkout: Checkout, round: number): Promise<Changed> {
  let seconds = 0;
  const seen = await underTraffic(checkout.target, async () => {
    for (const step of change.steps(checkout, round)) {
      await step();
      seconds += (await checkout.make(...(change.make ?? ["up"]))).seconds;
    }
  });
  return { ...seen, seconds };
}
