import { elapsed } from "../../cli/ui/text.ts";
import type { Seen } from "../traffic.ts";
import { dashboard } from "./changes.ts";
import type { Findings, Part, Survived, SystemFindings } from "./findings.ts";

/** Returns docs/measurements/reliability.md for the results. */
export function page(findings: Findings): string {
  const systems = Object.entries(findings);
  return `${[intro, ...systems.flatMap(([name, of]) => system(name, of)), untested(findings)]
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

function system(name: string, { changes, releases, faults, machine, kills }: SystemFindings): string[][] {
  return [
    [`## ${name}`],
    ...(changes ? [changed(changes)] : []),
    ...(releases ? [refused(releases)] : []),
    ...(faults ? [survived("Faults", faults)] : []),
    ...(machine ? [survived("Faults of the machine", machine)] : []),
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

/** Returns `none`, or each kind of failure with its number. */
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
  "`make reliability` writes this page. It tests two systems in `dev` with the embedded engine: `full`,",
  "and `myrag`, whose application contains nothing specific to Ragdock. These tests do not use the",
  "Pulumi CLI.",
  "",
  "The traffic is 50 requests a second to the public port. Half of the requests use kept connections,",
  "and half use new ones. A fifth are uploads, and a tenth are streamed answers (`myrag` streams none).",
  "A request fails if its status is not 2xx or if its connection breaks. The longest gap is the longest",
  "time without an answer. On a busy machine the gap grows.",
];

/** Returns the date, commit and machine of a part. */
const seenOn = ({ date, commit, machine, loadBefore, loadAfter }: Part<unknown>): string =>
  `Measured on ${date}, at commit ${commit}, on ${machine}. The load average of 1 minute was ${loadBefore} before and ${loadAfter} after.`;

const standIn =
  "No Debian package contains Grafana. For the changed dashboard, a small web server with Grafana's volume and files " +
  "stands in for it. These tests do not prove that Grafana shows the dashboard.";

/**
 * Returns a row for each planned case, with its results, the reason of its failure, or `not run`.
 */
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
    "### Changes under traffic",
    "",
    seenOn(part),
    "",
    ...table(
      ["change", "rounds", "requests", "failed", "longest gap", "slowest `make up`"],
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
    "### Bad revisions",
    "",
    seenOn(part),
    "",
    "Under traffic, each bad revision is deployed twice and then rolled back with `make rollback`. Both",
    "`make up` must fail and give the reason.",
    "",
    ...table(
      [
        "revision",
        "requests",
        "failed",
        "longest gap",
        "failing `make up`",
        "reason in the output",
        "`make rollback`",
      ],
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
    "`healthy after` is the time from the end of the fault until every health check and `/api/ready`",
    "succeed. A document is uploaded before each fault. Afterwards, all documents that were ever",
    "acknowledged must be ready.",
    "",
    ...table(
      ["fault", "promise", "healthy after", "documents", "message to the user"],
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
    "### Kills of `make up`",
    "",
    seenOn(part),
    "",
    "Under traffic, SIGKILL ends an `up` that replaces API and gateway at a random moment. Then `make up` runs again.",
    "",
    ...table(
      [
        "kills",
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

function untested(findings: Findings): string[] {
  const open = [
    "Clock faults of services other than PostgreSQL and the application. libfaketime sets the clock: Redis does not start with it, and Go programs read the kernel's clock.",
    ...(findings.full?.machine
      ? []
      : ["A restart of Docker, and a full disk of a database. `make reliability ONLY=machine` tests them."]),
  ];
  return ["## Not tested", "", ...open.map((each) => `- ${each}`)];
}
