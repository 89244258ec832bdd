import type { Seen } from "../bench/load.ts";
import { elapsed } from "../table.ts";
import type { Findings } from "./findings.ts";

/** docs/reliability.md from what a run has seen. */
export function page(findings: Findings): string {
  return `${[
    intro(findings),
    changed(findings),
    refused(findings),
    survived(findings),
    killed(findings),
    missing(findings),
  ]
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(header),
  row(header.map(() => "---")),
  ...rows.map(row),
];

/** `none`, or what failed and how often. */
function failed(all: readonly Seen[]): string {
  const counts = new Map<string, number>();
  for (const seen of all)
    for (const [what, count] of Object.entries(seen.failures))
      counts.set(what, (counts.get(what) ?? 0) + count);
  return counts.size === 0
    ? "none"
    : `**${[...counts].map(([what, count]) => `${count} × ${what}`).join(", ")}**`;
}

const most = (values: readonly number[]): number => Math.max(...values);
const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);

function intro({ date, commit, machine, loadBefore, loadAfter }: Findings): string[] {
  return [
    "# Reliability",
    "",
    `Written by \`make reliability\` on ${date}, at commit ${commit}, from that one run: system \`full\` in \`dev\`, on`,
    `${machine}; load average of 1 minute ${loadBefore} before and ${loadAfter} after. Nothing here was tried with the Pulumi CLI.`,
    "",
    "The load is 50 requests a second at the one port: half of them on kept connections, half on new ones; a fifth are uploads,",
    "a tenth streamed answers. Anything but a 2xx, and a connection that breaks, is a failed request. A gap is the longest time without",
    "an answer; on a busy machine it also says how busy that was.",
  ];
}

function changed({ changes }: Findings): string[] {
  if (changes.size === 0) return [];
  return [
    "## Changes under load",
    "",
    ...table(
      ["change", "times", "requests", "failed", "longest gap", "`make up`, slowest"],
      [...changes].map(([name, all]) => [
        name,
        String(all.length),
        String(sum(all.map((seen) => seen.sent))),
        failed(all),
        `${most(all.map((seen) => seen.gap)).toFixed(2)} s`,
        elapsed(most(all.map((seen) => seen.seconds))),
      ]),
    ),
    "",
    "A dashboard is a file of Grafana's, whose image is not to be had from packages; Prometheus stands for it.",
  ];
}

function refused({ refused }: Findings): string[] {
  if (refused.length === 0) return [];
  return [
    "## Releases that are no good",
    "",
    "Each brought up twice, and taken back with `make rollback`, under load. Both `make up` have to fail and to say why.",
    "",
    ...table(
      ["release", "requests", "failed", "longest gap", "failing `make up`", "told", "`make rollback`"],
      refused.map((each) => [
        each.name,
        String(each.sent),
        failed([each]),
        `${each.gap.toFixed(2)} s`,
        each.seconds.map(elapsed).join(", "),
        each.told,
        elapsed(each.rollbackSeconds),
      ]),
    ),
  ];
}

function survived({ survived }: Findings): string[] {
  if (survived.length === 0) return [];
  return [
    "## Faults",
    "",
    "Healthy again: every probe, and `/api/ready`, from the end of the fault. Before each one a document is uploaded, and all",
    "that were ever acknowledged have to be there and ready afterwards.",
    "",
    ...table(
      ["fault", "promised", "healthy again after", "documents", "what the user is told"],
      survived.map((each) => [
        each.name,
        each.promise,
        elapsed(each.seconds),
        each.found === each.acknowledged ? `all ${each.found}` : `**${each.found} of ${each.acknowledged}**`,
        each.told,
      ]),
    ),
  ];
}

function killed({ killed }: Findings): string[] {
  if (!killed) return [];
  return [
    "## `make up` killed",
    "",
    `SIGKILL at ${killed.tries} random moments of an \`up\` that replaces API and gateway, under load; then \`make up\` again.`,
    "",
    ...table(
      [
        "tries",
        "next `make up` failed",
        "slowest next `make up`",
        "requests",
        "failed",
        "longest gap",
        "documents",
      ],
      [
        [
          String(killed.tries),
          String(killed.stuck),
          elapsed(killed.slowest),
          String(killed.sent),
          failed([killed]),
          `${killed.gap.toFixed(2)} s`,
          `${killed.found} of ${killed.acknowledged}`,
        ],
      ],
    ),
  ];
}

function missing({ failures, parts }: Findings): string[] {
  const machine = parts.includes("machine")
    ? []
    : ["A restart of the engine and a full disk under a store: `ONLY=machine` tries them."];
  return [
    "## Not seen",
    "",
    "A clock that jumps: the containers have the machine's, and so has whatever else it does.",
    ...machine,
    ...(failures.length > 0 ? ["", ...failures.map((failure) => `- ${failure}`)] : []),
  ];
}
