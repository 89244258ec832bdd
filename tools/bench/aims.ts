import { median } from "./measure.ts";
import type { Results } from "./results.ts";

/** One aim, its measured value, and the reason if it was missed. */
export interface Aim {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
  readonly met: boolean | undefined;
  readonly why: string;
}

/** Returns the project's aims. An aim without a measured value is neither met nor missed. */
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

/**
 * The reasons for missed aims. They are constants, because the cause is in the code and not in the
 * numbers.
 */
const causes = {
  unchanged:
    "Node loads Pulumi's SDK, and Ragdock reads the containers' state. On a busy machine both wait for the CPU.",
  warm:
    "The provider checks a container's health at fixed intervals and builds each image again from the cache. " +
    "Dependents of a service start only after that.",
  edit:
    "The command builds the image and runs the migrations. Then it waits for the health of the new API and worker, whose " +
    "first health check runs only after one interval (Docker 20.10 has no start interval). At the end it replaces the " +
    "gateway, and the old API finishes its requests.",
  image: "The libraries of the local embeddings take most of the space.",
  memory: "Each service has a separate process, and both API and worker load the local embeddings.",
} as const;

const seconds = (series: readonly number[]): number | undefined =>
  series.length > 0 ? median(series) : undefined;

/** Returns the time as a multiple of Compose's, or undefined if either was not measured. */
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
