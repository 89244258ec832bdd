import { median } from "./measure.ts";
import type { Results } from "./results.ts";

/** One aim, what was measured against it, and why it was missed where it was. */
export interface Aim {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
  readonly met: boolean | undefined;
  readonly why: string;
}

/** What the project aims at; an aim that could not be measured is neither met nor missed. */
export function aims(results: Results): Aim[] {
  const { unchanged, warm, edit } = results.pairs;
  const app = results.sizes?.find((size) => size.image === "app")?.megabytes;
  const memory = results.memory?.reduce((sum, each) => sum + each.mebibytes, 0);
  return [
    aim("unchanged `make up`", 3, "s", seconds(unchanged.ours), causes.unchanged),
    aim("warm start, as a multiple of Compose", 1.3, "x", ratio(warm.ours, warm.compose), causes.warm),
    aim("one-line edit of the app to healthy", 15, "s", seconds(edit.ours), causes.edit),
    aim("app image", 300, "MB", app, causes.image),
    aim("memory of the `dev` stack", 2.5 * 1024, "MiB", memory, causes.memory),
  ];
}

/** Why an aim is missed when it is; written down here because the cause is in the code and not in the numbers. */
const causes = {
  unchanged:
    "most of it is Node loading Pulumi's SDK, and the look at the engine; on a busy machine both wait for the CPU",
  warm:
    "the provider asks for a container's health at intervals of its own, builds each image again from the cache, " +
    "and starts what waits for a service only after that",
  edit:
    "the image is built, migrations run again from it, API and worker get healthy beside the old ones, with the first probe " +
    "only after its interval (Engine 20.10 has no start interval), the gateway follows, and the old API ends what it has",
  image: "the libraries of the local embeddings are most of it",
  memory:
    "each service has a process of its own, and the local embeddings are loaded twice, by API and worker",
} as const;

const seconds = (series: readonly number[]): number | undefined =>
  series.length > 0 ? median(series) : undefined;

/** How many times as long as Compose; undefined where either was not measured. */
export function ratio(ours: readonly number[], compose: readonly number[]): number | undefined {
  return ours.length > 0 && compose.length > 0 ? median(ours) / median(compose) : undefined;
}

function aim(what: string, most: number, unit: string, value: number | undefined, cause: string): Aim {
  const met = value === undefined ? undefined : value < most;
  const digits = unit === "x" ? 2 : unit === "s" ? 1 : 0;
  return {
    what,
    aim: `under ${most} ${unit}`,
    measured: value === undefined ? "not measured" : `${value.toFixed(digits)} ${unit}`,
    met,
    why: met === false ? cause : "",
  };
}
