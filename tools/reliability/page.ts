import { elapsed } from "../../cli/ui/text.ts";
import type { Seen } from "../traffic.ts";
import { dashboard } from "./changes.ts";
import type { Findings, Part, Survived, SystemFindings } from "./findings.ts";

/** docs/measurements/reliability.md from what was seen. */
export function page(findings: Findings): string {
  const systems = Object.entries(findings);
  return `${[intro, ...systems.flatMap(([name, of]) => system(name, of)), missing(findings)]
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

function system(name: string, { changes, releases, faults, machine, kills }: SystemFindings): string[][] {
  return [
    [`## ${name}`],
    ...(changes ? [changed(changes)] : []),
    ...(releases ? [refused(releases)] : []),
    ...(faults ? [survived("Faults", faults)] : []),
    ...(machine ? [survived("Faults of the machine itself", machine)] : []),
    ...(kills ? [killed(kills)] : []),
  ];
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

const intro: readonly string[] = [
  "# Reliability",
  "",
  "Written by `make reliability`: the system `full` and one of the five others, `myrag`, whose application knows nothing of Ragdock;",
  "in `dev`, with the embedded engine. Nothing here was tried with the Pulumi CLI.",
  "",
  "The load is 50 requests a second at the one port: half of them on kept connections, half on new ones; a fifth are uploads,",
  "a tenth streamed answers (`myrag` streams none). Anything but a 2xx, and a connection that breaks, is a failed request. A gap is the longest time without",
  "an answer; on a busy machine it also says how busy that was.",
];

/** Where and when a part was tried. */
const seenOn = ({ date, commit, machine, loadBefore, loadAfter }: Part<unknown>): string =>
  `On ${date}, at commit ${commit}, on ${machine}; load average of 1 minute ${loadBefore} before and ${loadAfter} after.`;

const standIn =
  "Where images are built from packages there is none of Grafana's. For the changed dashboard a small web server has its place, " +
  "its volume and its files; that Grafana shows them is not seen.";

/** A row for each planned case: its results, the reason why it failed, or that it was not run. */
function cases<P extends Part<unknown>>(
  part: P,
  rowOf: (part: P, name: string) => readonly string[] | undefined,
): (readonly string[])[] {
  return part.planned.flatMap((name) => {
    const found = rowOf(part, name);
    const failure = part.failures[name];
    return [
      ...(found ? [found] : []),
      ...(failure ? [[name, `**failed**: ${failure}`]] : []),
      ...(found || failure ? [] : [[name, "not run"]]),
    ];
  });
}

function changed(part: NonNullable<SystemFindings["changes"]>): string[] {
  return [
    "### Changes under load",
    "",
    seenOn(part),
    "",
    ...table(
      ["change", "times", "requests", "failed", "longest gap", "`make up`, slowest"],
      cases(part, ({ seen }, name) => {
        const all = seen[name];
        return (
          all && [
            name,
            String(all.length),
            String(sum(all.map((one) => one.sent))),
            failed(all),
            `${most(all.map((one) => one.gap)).toFixed(2)} s`,
            elapsed(most(all.map((one) => one.seconds))),
          ]
        );
      }),
    ),
    ...(dashboard.name in part.seen ? ["", standIn] : []),
  ];
}

function refused(part: NonNullable<SystemFindings["releases"]>): string[] {
  return [
    "### Releases that are no good",
    "",
    seenOn(part),
    "Each is brought up twice, and taken back with `make rollback`, under load. Both `make up` have to fail and to say why.",
    "",
    ...table(
      ["release", "requests", "failed", "longest gap", "failing `make up`", "told", "`make rollback`"],
      cases(part, ({ seen }, name) => {
        const one = seen.find((each) => each.name === name);
        return (
          one && [
            name,
            String(one.sent),
            failed([one]),
            `${one.gap.toFixed(2)} s`,
            one.seconds.map(elapsed).join(", "),
            one.told,
            elapsed(one.rollbackSeconds),
          ]
        );
      }),
    ),
  ];
}

function survived(heading: string, part: Part<readonly Survived[]>): string[] {
  return [
    `### ${heading}`,
    "",
    seenOn(part),
    "",
    "Healthy again: every probe, and `/api/ready`, from the end of the fault. Before each one a document is uploaded, and all",
    "that were ever acknowledged have to be there and ready afterwards.",
    "",
    ...table(
      ["fault", "promised", "healthy again after", "documents", "what the user is told"],
      cases(part, ({ seen }, name) => {
        const one = seen.find((each) => each.name === name);
        return (
          one && [
            name,
            one.promise,
            elapsed(one.seconds),
            one.found === one.acknowledged ? `all ${one.found}` : `**${one.found} of ${one.acknowledged}**`,
            one.told,
          ]
        );
      }),
    ),
  ];
}

function killed(part: NonNullable<SystemFindings["kills"]>): string[] {
  return [
    "### `make up` killed",
    "",
    seenOn(part),
    "SIGKILL at random moments of an `up` that replaces API and gateway, under load; then `make up` again.",
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
        ...part.seen.map((each) => [
          String(each.tries),
          String(each.stuck),
          elapsed(each.slowest),
          String(each.sent),
          failed([each]),
          `${each.gap.toFixed(2)} s`,
          `${each.found} of ${each.acknowledged}`,
        ]),
        ...Object.values(part.failures).map((reason) => [`**failed**: ${reason}`]),
      ],
    ),
  ];
}

function missing(findings: Findings): string[] {
  const unseen = [
    "The clock is set by libfaketime for PostgreSQL and the application alone: Redis does not start with it, Go asks the kernel itself.",
    ...(findings.full?.machine
      ? []
      : [
          "A restart of the engine and a full disk under a store: `make reliability ONLY=machine` tries them.",
        ]),
  ];
  return ["## Not seen", "", ...unseen.map((each) => `- ${each}`)];
}
