import { elapsed } from "../../cli/ui/text.ts";
import type { Seen } from "../traffic.ts";
import { aims, ratio } from "./aims.ts";
import { median } from "./measure.ts";
import type { Growth, Pair, Results } from "./results.ts";

/** docs/measurements/performance.md from what a run has measured. */
export function page(results: Results): string {
  return `${[
    intro(results),
    machine(results),
    aimsPart(results),
    everyday(results),
    disruption(results),
    growth(results.growth),
    fresh(results),
    memory(results),
    sizes(results),
    missing(results),
  ]
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [row(header), row(header.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(row)];
}

function intro({ date, commit, compose }: Results): string[] {
  return [
    "# Performance",
    "",
    `Written by \`make bench\` on ${date}, at commit ${commit}; every number is from that one run.`,
    "Times are medians, the single values in brackets. The machine had other work at the same time, so a time by itself says",
    compose
      ? "little: compare it with Docker Compose, which took turns with Ragdock in the same run, on the same services and images."
      : "little. Docker Compose could not be built here, so there is nothing to compare with.",
  ];
}

function machine({ machine, loadBefore, loadAfter, services, images }: Results): string[] {
  return [
    "## Machine",
    "",
    ...table(
      ["", ""],
      [
        ...machine,
        ["load average of 1 minute, before and after", `${loadBefore}, ${loadAfter}`],
        ["stack", `\`full\`, \`dev\`, \`images: ${images}\`, ${services} containers`],
      ],
    ),
  ];
}

function aimsPart(results: Results): string[] {
  const rows = aims(results).map(({ what, aim, measured, met, why }) => [
    what,
    aim,
    measured,
    met === undefined ? "" : met ? "met" : `**not met**: ${why}`,
  ]);
  return ["## Aims", "", ...table(["", "aim", "measured", ""], rows)];
}

function everyday({ pairs, first }: Results): string[] {
  const line = (what: string, pair: Pair): string[] => [
    what,
    series(pair.ours),
    series(pair.compose),
    times(ratio(pair.ours, pair.compose)),
  ];
  return [
    "## Everyday commands",
    "",
    ...table(
      ["", "Ragdock", "Compose", "Ragdock / Compose"],
      [
        line("unchanged `make up`", pairs.unchanged),
        line("unchanged `make preview`", pairs.preview),
        line("warm start: `make up` after `make down`", pairs.warm),
        line("one-line edit of the app: `make up`", pairs.edit),
      ],
    ),
    "",
    "Beside `make up` stands `docker compose up -d --build --wait`, beside `make preview` the same with `--dry-run`. Compose runs",
    "the same system, generated from the same settings by `cli/compose.ts`, with the images that Ragdock built; only the",
    "application and the UI have a `build` section there, so that `--build` has something to find after an edit. All of it ends when every",
    "container is healthy and the job has ended well. The edit adds one line of comment in a copy of the checkout.",
    ...(first === undefined
      ? []
      : [
          "",
          `The first \`make up\` of the stack, with the build cache of earlier ones, took ${elapsed(first)}.`,
        ]),
  ];
}

function disruption({ disruption: all }: Results): string[] {
  if (!all) return [];
  const cells = (seen: Seen | undefined): string[] =>
    seen ? [`${failed(seen)} of ${seen.sent}`, `${seen.gap.toFixed(1)} s`] : ["", ""];
  return [
    "## Failed requests during a change",
    "",
    ...table(
      ["change", "Ragdock: failed", "longest gap", "Compose: failed", "longest gap"],
      all.map(({ change, ours, compose }) => [change, ...cells(ours), ...cells(compose)]),
    ),
    "",
    "Once each, under 50 requests a second at the one port: half on kept connections, half on new ones, a fifth uploads, a tenth streamed",
    "answers. Failed is whatever is not a 2xx. Compose runs the same gateway, which looks names up at each request; a compose file whose",
    "proxy keeps the addresses it started with fails until somebody restarts it. [reliability.md](reliability.md) has each change again and again.",
  ];
}

const failed = ({ failures }: Seen): number => Object.values(failures).reduce((sum, count) => sum + count, 0);

function growth(all: readonly Growth[]): string[] {
  if (all.length === 0) return [];
  const cell = (ours: number, compose: number | undefined): string[] => [
    elapsed(ours),
    compose === undefined ? "" : elapsed(compose),
    compose === undefined ? "" : times(ours / compose),
  ];
  const part = (title: string, key: "start" | "unchanged" | "preview"): string[][] =>
    all.map((each) => [`${title}, ${each.count} services`, ...cell(each[key], each.compose?.[key])]);
  return [
    "## Growth with the number of services",
    "",
    ...table(
      ["", "Ragdock", "Compose", "Ragdock / Compose"],
      [
        ...part("start to all healthy", "start"),
        ...part("unchanged `up`", "unchanged"),
        ...part("preview", "preview"),
      ],
    ),
    "",
    "One value each. Services that sleep, in an image of 2 MB, with a probe every 5 s as the real ones; declared with the components of the",
    "real program, and run by the embedded engine without `make` around it. It works on 16 resources at once, and a service counts as",
    "work until it is healthy: beyond 16 services they get healthy in groups, where Compose waits for all of them together.",
  ];
}

function fresh({ fresh }: Results): string[] {
  const how =
    "It needs a machine without anything, so the bench cannot repeat it: there, `( time make up ) > up.log 2>&1`, then " +
    "`make bench FRESH=up.log`; the numbers stay in `docs/measurements/performance.fresh.json`.";
  const title = ["## From a fresh machine", ""];
  if (!fresh) return [...title, `Not measured. ${how}`];
  return [
    ...title,
    ...table(
      ["part", "time"],
      [
        ...fresh.parts.map(({ part, seconds }) => [part, elapsed(seconds)]),
        ["**all**", elapsed(fresh.seconds)],
      ],
    ),
    "",
    `On ${fresh.date}, ${fresh.machine}; the parts overlap, each counts until its last line. ${how}`,
  ];
}

function memory({ memory }: Results): string[] {
  if (!memory) return [];
  const sum = memory.reduce((all, each) => all + each.mebibytes, 0);
  return [
    "## Memory",
    "",
    ...table(
      ["service", "MiB"],
      [
        ...memory.map(({ service, mebibytes }) => [service, mebibytes.toFixed(0)]),
        ["**all**", sum.toFixed(0)],
      ],
    ),
    "",
    "As `docker stats` shows it after the last start, with no documents and no questions.",
  ];
}

function sizes({ sizes }: Results): string[] {
  if (!sizes) return [];
  const rows = sizes.map(({ image, megabytes }) => [image, megabytes.toFixed(0)]);
  return [
    "## Image sizes",
    "",
    ...table(["image", "MB"], rows),
    "",
    "As the engine counts them, each with its base; on disk they share it.",
  ];
}

function missing({ failures }: Results): string[] {
  if (failures.length === 0) return [];
  return ["## Not measured", "", ...failures.map((failure) => `- ${failure.replaceAll("|", "\\|")}`)];
}

/** `3.1 s (2.9, 3.1, 3.4)`. */
function series(values: readonly number[]): string {
  if (values.length === 0) return "";
  return `${elapsed(median(values))} (${values.map((value) => value.toFixed(1)).join(", ")})`;
}

const times = (value: number | undefined): string => (value === undefined ? "" : `${value.toFixed(2)} x`);
