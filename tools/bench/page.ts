import { elapsed } from "../../cli/ui/text.ts";
import type { Seen } from "../traffic.ts";
import { aims, ratio } from "./aims.ts";
import { median } from "./measure.ts";
import type { Growth, Pair, Results } from "./results.ts";

/** Returns docs/measurements/performance.md for the results of a run. */
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
    unmeasured(results),
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
    `\`make bench\` wrote this page on ${date}, at commit ${commit}. All numbers come from that one run. Times are`,
    "medians, with the single values in brackets. The machine had other work at the same time, so the times only allow",
    compose
      ? "comparisons. Docker Compose ran in turns with Ragdock in the same run, with the same services and images."
      : "comparisons. Docker Compose could not be built here, so there is no comparison.",
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
    "`make up` is compared with `docker compose up -d --build --wait`, and `make preview` with the same",
    "command and `--dry-run`. Compose runs the same system: `cli/compose.ts` generates it from the same",
    "settings, with the images that Ragdock built. Only the application and the UI have a `build`",
    "section, so that `--build` finds the edit. Each time ends when every container is healthy and the",
    "job has succeeded. The edit adds one comment line in a copy of the checkout.",
    ...(first === undefined
      ? []
      : [
          "",
          `The first \`make up\` of the stack, with the build cache of earlier stacks, took ${elapsed(first)}.`,
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
    "Each change ran once, under 50 requests a second to the public port. Half of the requests used kept",
    "connections, and half used new ones. A fifth were uploads, and a tenth were streamed answers. A",
    "request failed if its status was not 2xx. Compose ran the same gateway, which looks up names at each",
    "request. With a proxy that keeps its first addresses, requests fail until the proxy restarts.",
    "[reliability.md](reliability.md) has repeated measurements of each change.",
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
    "Each number is one value. The services sleep in an image of 2 MB, with a health check every 5 s as",
    "in the real system. The components of the real program declare them, and the embedded engine runs",
    "them without `make`. It works on 16 resources at once, and a service counts as work until it is",
    "healthy. More than 16 services become healthy in groups, while Compose waits for all of them",
    "together.",
  ];
}

function fresh({ fresh }: Results): string[] {
  const how =
    "This needs a fresh machine, so the bench cannot repeat it. Run `( time make up ) > up.log 2>&1` on a fresh machine, " +
    "then `make bench FRESH=up.log`. The times stay in `docs/measurements/performance.fresh.json`.";
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
    `Measured on ${fresh.date}, on ${fresh.machine}. The parts overlap: each lasts until its last line. ${how}`,
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
    "`docker stats` showed these values after the last start, without documents and questions.",
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
    "Docker counts the base image in each size. On disk the images share it.",
  ];
}

function unmeasured({ failures }: Results): string[] {
  if (failures.length === 0) return [];
  return ["## Not measured", "", ...failures.map((failure) => `- ${failure.replaceAll("|", "\\|")}`)];
}

/** `3.1 s (2.9, 3.1, 3.4)`. */
function series(values: readonly number[]): string {
  if (values.length === 0) return "";
  return `${elapsed(median(values))} (${values.map((value) => value.toFixed(1)).join(", ")})`;
}

const times = (value: number | undefined): string => (value === undefined ? "" : `${value.toFixed(2)} x`);
