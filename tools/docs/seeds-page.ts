import { type Parts, table } from "../markdown.ts";
import { seeds } from "./seeds/index.ts";
import { differencesOf, type Proof, type Row, type Seed, type State, stateOf } from "./seeds/row.ts";

const states: readonly State[] = ["yes", "declared", "open"];

/** Returns the number of rows in each state, and the rows of each seed. */
export const seedsPage = (): Parts => ({
  counts: table(
    ["document", "rows", ...states],
    [
      ...seeds.map(({ system, rows }) => [`[${system}](#${system})`, ...counts(rows)]),
      ["all", ...counts(seeds.flatMap(({ rows }) => rows))],
    ],
    "---:",
  ),
  seeds: seeds.map(section).join("\n\n"),
});

const counts = (rows: readonly Row[]): string[] => [
  String(rows.length),
  ...states.map((state) => String(rows.filter((row) => stateOf(row) === state).length)),
];

function section({ system, rows }: Seed): string {
  const cells = rows.map((row) => [
    row.lines,
    row.asked,
    stateOf(row) === "open" ? "**open**" : stateOf(row),
    row.proofs.map(shown).join("<br>"),
  ]);
  return `## ${system}\n\n${table(["lines", "asked", "state", "where"], cells)}`;
}

/** A text with backquotes is Markdown already. */
const code = (text: string): string => (text.includes("`") ? text : `\`${text}\``);

function shown(proof: Proof): string {
  if (proof.kind === "open") return `missing: ${proof.missing}`;
  if (proof.kind === "declared")
    return `differs: ${differencesOf(proof.system).find((text) => text.startsWith(proof.start))}`;
  const link = `[${proof.file}](../../${proof.file})`;
  if (proof.kind === "steps") return `${link}: ${proof.names.map(code).join(", ")}`;
  return proof.kind === "test" ? `${link}: ${proof.name.replaceAll("_", "\\_")}` : link;
}
