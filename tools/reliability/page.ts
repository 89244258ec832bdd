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

const system = ({
  changes,
  releases,
  crashes,
  overloads,
  faults,
  machine,
  kills,
  nodes,
  sizes,
}: SystemFindings): string[] => [
  ...section("Changes under traffic", changes, {
    find: (seen, name) => seen[name],
    header: ["change", "rounds", ...traffic, "slowest `make up`"],
    cells: (all) => [String(all.length), ...under(all), elapsed(most(all.map(({ seconds }) => seconds)))],
  }),
  ...section("Bad revisions", releases, {
    find: (seen, name) => named(seen, name),
    header: ["revision", ...traffic, "failing `make up`", "reason in the output", "`make rollback`"],
    cells: (one) => [
      ...under([one]),
      one.seconds.map(elapsed).join(", "),
      one.told,
      elapsed(one.rollbackSeconds),
    ],
  }),
  ...section("Crashes under traffic", crashes, {
    find: (seen, name) => named(seen, name),
    header: ["crash", ...traffic, "healthy after", "documents"],
    cells: (one) => [...under([byStatus(one)]), elapsed(one.seconds), documents(one)],
  }),
  ...section("Overload", overloads, {
    find: (seen, name) => named(seen, name),
    header: [
      "requests",
      "sustainable",
      "sent in 60 s",
      "outcomes",
      "slowest check",
      "checks without an answer",
      "killed, restarted or unhealthy",
      "normal after",
    ],
    cells: (one) => [
      `${one.sustainable.toFixed(1)} a second`,
      String(one.sent),
      counted(one.outcomes),
      `${one.slowest.toFixed(1)} s`,
      bold(counted(one.unanswered)),
      bold(one.hurt.join(", ")),
      `${one.normalAfter.toFixed(1)} s`,
    ],
  }),
  ...section("Faults", faults, survived),
  ...section("Faults of the machine", machine, survived),
  ...section("Kills of `make up`", kills, {
    find: ([one]) => one,
    header: ["case", "kills", "next `make up` failed", "slowest next `make up`", ...traffic, "documents"],
    cells: (one) => [
      String(one.tries),
      String(one.stuck),
      elapsed(one.slowest),
      ...under([one]),
      documents(one),
    ],
  }),
  ...section("Changes and faults on the nodes", nodes, {
    find: (seen, name) => named(seen, name),
    header: ["case", ...traffic, "seconds", "reason in the output"],
    cells: (one) => [...under([byStatus(one)]), elapsed(one.seconds), one.told],
  }),
  ...section("Sizes", sizes, {
    find: (seen, name) => named(seen, name),
    header: ["nodes", "cores of each", "questions a second", "documents indexed a minute"],
    cells: ({ cores, questions, documents }) => [String(cores), questions.toFixed(1), documents.toFixed(0)],
  }),
];

/**
 * A table of cases. `find` returns a case's result by its name, and `cells` the cells after the
 * name.
 */
interface Table<All, One> {
  readonly header: readonly string[];
  readonly cells: (one: One) => readonly string[];
  readonly find: (seen: All, name: string) => One | undefined;
}

const named = <T extends { readonly name: string }>(all: readonly T[], name: string): T | undefined =>
  all.find((one) => one.name === name);

const survived: Table<Survived[], Survived> = {
  header: ["fault", "promise", "healthy after", "documents", "message to the user"],
  cells: (one) => [one.promise, elapsed(one.seconds), documents(one), one.told],
  find: named,
};

/**
 * Returns a part with a row for each planned case: its results, the reason of its failure, or `not
 * run`.
 */
function section<All, One>(
  heading: string,
  part: Part<All> | undefined,
  { header, cells, find }: Table<All, One>,
): string[] {
  if (!part) return [];
  const { date, commit, machine, loadBefore, loadAfter, planned, seen, failures } = part;
  const rows = planned.flatMap((name) => {
    const found = find(seen, name);
    const failure = failures[name];
    return [
      ...(found ? [[name, ...cells(found)]] : []),
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

/**
 * Returns the cells about the traffic: its requests, each kind of failure with its number, and the
 * gap.
 */
function under(all: readonly Seen[]): string[] {
  const counts = new Map<string, number>();
  for (const [what, count] of all.flatMap(({ failures }) => Object.entries(failures)))
    counts.set(what, (counts.get(what) ?? 0) + count);
  const failed = counted(Object.fromEntries(counts));
  return [
    String(all.reduce((sum, { sent }) => sum + sent, 0)),
    bold(failed),
    `${most(all.map(({ gap }) => gap)).toFixed(2)} s`,
  ];
}

const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${count} × ${what}`)
    .join(", ");

/** The same results, with failures by status and without their reasons, which a crash explains. */
function byStatus(seen: Seen): Seen {
  const failures: Record<string, number> = {};
  for (const [what, count] of Object.entries(seen.failures)) {
    const status = /^\d{3}(?= )/.exec(what)?.[0] ?? what;
    failures[status] = (failures[status] ?? 0) + count;
  }
  return { ...seen, failures };
}

/** What must not happen. */
const bold = (text: string): string => (text ? `**${text}**` : "none");

const documents = ({ found, acknowledged }: Pick<Survived, "found" | "acknowledged">): string =>
  found === acknowledged ? `all ${found}` : `**${found} of ${acknowledged}**`;

const most = (values: readonly number[]): number => Math.max(...values);
