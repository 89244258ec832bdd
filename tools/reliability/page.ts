import { elapsed } from "../../cli/ui/text.ts";
import { type Parts, table } from "../markdown.ts";
import type { Seen } from "../traffic.ts";
import type { Findings, Part, Survived, SystemFindings } from "./findings.ts";

/** Returns the tables of docs/measurements/reliability.md. */
export const reliabilityParts = (findings: Findings): Parts => ({
  results: Object.entries(findings)
    .flatMap(([name, of]) => [`## ${name}`, ...system(of)])
    .join("\n\n"),
});

const traffic = ["requests", "failed", "longest gap"];

const system = ({ changes, releases, faults, machine, kills }: SystemFindings): string[] => [
  ...(changes
    ? section(
        "Changes under traffic",
        changes,
        ["change", "rounds", ...traffic, "slowest `make up`"],
        (name) => {
          const all = changes.seen[name];
          return all && [String(all.length), ...under(all), elapsed(most(all.map(({ seconds }) => seconds)))];
        },
      )
    : []),
  ...(releases
    ? section(
        "Bad revisions",
        releases,
        ["revision", ...traffic, "failing `make up`", "reason in the output", "`make rollback`"],
        (name) => {
          const one = named(releases.seen, name);
          return (
            one && [
              ...under([one]),
              one.seconds.map(elapsed).join(", "),
              one.told,
              elapsed(one.rollbackSeconds),
            ]
          );
        },
      )
    : []),
  ...(faults ? survived("Faults", faults) : []),
  ...(machine ? survived("Faults of the machine", machine) : []),
  ...(kills
    ? section(
        "Kills of `make up`",
        kills,
        ["case", "kills", "next `make up` failed", "slowest next `make up`", ...traffic, "documents"],
        () => {
          const [one] = kills.seen;
          return (
            one && [
              String(one.tries),
              String(one.stuck),
              elapsed(one.slowest),
              ...under([one]),
              documents(one),
            ]
          );
        },
      )
    : []),
];

const survived = (heading: string, part: Part<Survived[]>): string[] =>
  section(
    heading,
    part,
    ["fault", "promise", "healthy after", "documents", "message to the user"],
    (name) => {
      const one = named(part.seen, name);
      return one && [one.promise, elapsed(one.seconds), documents(one), one.told];
    },
  );

/** Returns a part with a row for each planned case: its results, the reason of its failure, or `not run`. */
function section(
  heading: string,
  { date, commit, machine, loadBefore, loadAfter, planned, failures }: Part<unknown>,
  header: readonly string[],
  cells: (name: string) => readonly string[] | undefined,
): string[] {
  const rows = planned.flatMap((name) => {
    const found = cells(name);
    const failure = failures[name];
    return [
      ...(found ? [[name, ...found]] : []),
      ...(failure ? [[name, `**failed**: ${failure}`]] : []),
      ...(found || failure ? [] : [[name, "not run"]]),
    ];
  });
  return [
    `### ${heading}`,
    `Measured on ${date}, at commit ${commit}, on ${machine}. The load average of 1 minute was ${loadBefore} before and ${loadAfter} after.`,
    table(header, rows),
  ];
}

/** Returns the cells about the traffic: its requests, each kind of failure with its number, and the gap. */
function under(all: readonly Seen[]): string[] {
  const counts = new Map<string, number>();
  for (const [what, count] of all.flatMap(({ failures }) => Object.entries(failures)))
    counts.set(what, (counts.get(what) ?? 0) + count);
  const failed = [...counts].map(([what, count]) => `${count} × ${what}`).join(", ");
  return [
    String(all.reduce((sum, { sent }) => sum + sent, 0)),
    failed ? `**${failed}**` : "none",
    `${most(all.map(({ gap }) => gap)).toFixed(2)} s`,
  ];
}

const documents = ({ found, acknowledged }: Pick<Survived, "found" | "acknowledged">): string =>
  found === acknowledged ? `all ${found}` : `**${found} of ${acknowledged}**`;

const named = <T extends { readonly name: string }>(all: readonly T[], name: string): T | undefined =>
  all.find((one) => one.name === name);

const most = (values: readonly number[]): number => Math.max(...values);
