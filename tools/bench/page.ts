import { elapsed } from "../../cli/ui/text.ts";
import { type Parts, table } from "../markdown.ts";
import type { Seen } from "../traffic.ts";
import type { Disruption } from "./disruption.ts";
import type { Amount, Pair, Topic } from "./everyday.ts";
import type { readFresh } from "./fresh.ts";
import type { Growth } from "./growth.ts";
import { median, type runFacts } from "./measure.ts";

/** The results of one run. An absent value could not be measured. */
export interface Results {
  readonly facts: Awaited<ReturnType<typeof runFacts>>;
  readonly loadBefore: string;
  loadAfter: string;
  readonly images: string;
  containers?: number;
  /** The version of Docker Compose. */
  compose?: string;
  /** Seconds of the first `make up`. */
  first?: number;
  readonly pairs: Readonly<Record<Topic, Pair>>;
  disruption?: readonly Disruption[];
  readonly growth: Growth[];
  fresh?: ReturnType<typeof readFresh>;
  /** In MiB. */
  memory?: readonly Amount[];
  /** In MB. */
  sizes?: readonly Amount[];
  readonly failures: string[];
}

/** Returns the tables of docs/measurements/performance.md for the results of a run. */
export const performanceParts = (results: Results): Parts => ({
  run: `\`make bench\` measured this on ${results.facts.date}, at commit ${results.facts.commit}.`,
  machine: numbers(["", ""], machine(results)),
  aims: numbers(["", "aim", "measured", ""], aims(results)),
  commands: numbers(["", ...tools], commands(results)),
  changes: numbers(
    ["change", "Ragdock: failed", "longest gap", "Compose: failed", "longest gap"],
    (results.disruption ?? []).map(({ change, ours, compose }) => [
      change,
      ...requests(ours),
      ...requests(compose),
    ]),
  ),
  growth: numbers(["", ...tools], growth(results.growth)),
  fresh: fresh(results),
  memory: numbers(["service", "MiB"], withSum(results.memory ?? [])),
  images: numbers(
    ["image", "MB"],
    (results.sizes ?? []).map(([image, size]) => [image, size.toFixed(0)]),
  ),
  failures: results.failures.map((failure) => `- ${failure.replaceAll("|", "\\|")}`).join("\n") || "Nothing.",
});

const tools = ["Ragdock", "Compose", "Ragdock / Compose"];

const numbers = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length > 0 ? table(header, rows, "---:") : "Not measured.";

const machine = ({ facts, loadBefore, loadAfter, images, containers, compose }: Results): string[][] => [
  ["cores", facts.cores],
  ["memory", facts.memory],
  ["Docker Engine", facts.docker],
  ["Node", process.versions.node],
  ["Docker Compose", compose ?? "could not be built"],
  ["load average of 1 minute, before and after", `${loadBefore}, ${loadAfter}`],
  ["stack", `\`full\`, \`dev\`, \`images: ${images}\`, ${containers ?? "no"} containers`],
];

/**
 * Returns the project's targets for these values. A target without a measured value is neither met
 * nor missed.
 */
function aims({ pairs: { unchanged, warm, edit }, sizes, memory }: Results): string[][] {
  const all = [
    ["unchanged `make up`", 3, "s", 1, middle(unchanged.ours)],
    ["warm start, as a multiple of Compose", 1.3, "x", 2, ratio(warm)],
    ["one-line edit of the app to healthy", 15, "s", 1, middle(edit.ours)],
    ["app image", 300, "MB", 0, sizes?.find(([image]) => image === "app")?.[1]],
    ["memory of the `dev` stack", 2560, "MiB", 0, memory && sum(memory)],
  ] as const;
  return all.map(([what, most, unit, digits, value]) => {
    const under = `under ${most} ${unit}`;
    if (value === undefined) return [what, under, "not measured", ""];
    return [what, under, `${value.toFixed(digits)} ${unit}`, value < most ? "met" : "**not met**"];
  });
}

function commands({ pairs, first }: Results): string[][] {
  const line = (what: string, pair: Pair): string[] => [
    what,
    series(pair.ours),
    series(pair.compose),
    times(ratio(pair)),
  ];
  return [
    ["first `make up`, with the build cache of earlier stacks", first ? elapsed(first) : "", "", ""],
    line("unchanged `make up`", pairs.unchanged),
    line("unchanged `make preview`", pairs.preview),
    line("warm start: `make up` after `make down`", pairs.warm),
    line("one-line edit of the app: `make up`", pairs.edit),
  ];
}

function requests(seen: Seen | undefined): string[] {
  if (!seen) return ["", ""];
  const failed = Object.values(seen.failures).reduce((all, count) => all + count, 0);
  return [`${failed} of ${seen.sent}`, `${seen.gap.toFixed(1)} s`];
}

const growth = (all: readonly Growth[]): string[][] =>
  (["start", "unchanged", "preview"] as const).flatMap((key) =>
    all.map(({ count, compose, ...ours }) => [
      `${titles[key]}, ${count} services`,
      elapsed(ours[key]),
      ...(compose ? [elapsed(compose[key]), times(ours[key] / compose[key])] : ["", ""]),
    ]),
  );

const titles = { start: "start to all healthy", unchanged: "unchanged `up`", preview: "preview" };

function fresh({ fresh }: Results): string {
  if (!fresh) return "Not measured.";
  const rows = fresh.parts.map(({ part, seconds }) => [part, elapsed(seconds)]);
  return `${numbers(["part", "time"], [...rows, ["**all**", elapsed(fresh.seconds)]])}\n\nMeasured on ${fresh.date}, on ${fresh.machine}.`;
}

const sum = (amounts: readonly Amount[]): number => amounts.reduce((all, [, amount]) => all + amount, 0);

const withSum = (amounts: readonly Amount[]): string[][] =>
  amounts.length === 0
    ? []
    : [...amounts, ["**all**", sum(amounts)] as const].map(([name, amount]) => [name, amount.toFixed(0)]);

const middle = (values: readonly number[]): number | undefined =>
  values.length > 0 ? median(values) : undefined;

/** Returns the time as a multiple of Compose's, or undefined if either was not measured. */
function ratio({ ours, compose }: Pair): number | undefined {
  const [mine, theirs] = [middle(ours), middle(compose)];
  return mine === undefined || theirs === undefined ? undefined : mine / theirs;
}

/** `3.1s (2.9, 3.1, 3.4)`. */
function series(values: readonly number[]): string {
  if (values.length === 0) return "";
  return `${elapsed(median(values))} (${values.map((value) => value.toFixed(1)).join(", ")})`;
}

const times = (value: number | undefined): string => (value === undefined ? "" : `${value.toFixed(2)} x`);
