/**
 * Imports public Compose projects and compares the counts with docs/measurements/entry.json:
 * `npm run corpus -- <folder>`. The folder has a checkout of each. `--commands` prints the commands
 * that make it. `--write` writes the counts and docs/measurements/entry.md.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectDir } from "../../host/paths.ts";
import { writePage } from "../markdown.ts";
import { type CorpusProject, type Counts, commandsFor, folderOf, readCorpus } from "./corpus.ts";
import { countsOf } from "./count.ts";
import { corpusParts } from "./page.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean" }, commands: { type: "boolean" } },
});
const [folder] = positionals;
const corpus = readCorpus();

if (values.commands) console.log(corpus.flatMap(commandsFor).join("\n"));
else if (folder === undefined) {
  console.error("Name the folder with the checkouts: npm run corpus -- ../corpus");
  process.exitCode = 2;
} else run(resolve(process.env.INIT_CWD ?? ".", folder));

function run(root: string): void {
  const counted = corpus.map((project) => ({ project, counts: countedOf(project, root) }));
  for (const { project, counts } of counted) console.log(`${project.name}: ${said(project, counts)}`);
  if (values.write) {
    const written = counted.map(({ project, counts }) =>
      typeof counts === "object" ? { ...project, expected: counts } : project,
    );
    writeFileSync(
      join(projectDir, "docs/measurements/entry.json"),
      `${JSON.stringify(written, undefined, 2)}\n`,
    );
    writePage("docs/measurements/entry.md", corpusParts(written));
  } else if (counted.some(({ project, counts }) => said(project, counts) !== "as expected"))
    process.exitCode = 1;
}

/** The counts of a project, or the reason why there are none. */
function countedOf(project: CorpusProject, root: string): Counts | string {
  if (!existsSync(join(root, folderOf(project))))
    return `not in ${root}. npm run corpus -- --commands shows how to get it`;
  try {
    return countsOf(project, root);
  } catch (error) {
    return `crashed: ${(error as Error).message}`;
  }
}

function said({ expected }: CorpusProject, counts: Counts | string): string {
  if (typeof counts === "string") return counts;
  const different = (Object.keys(counts) as (keyof Counts)[]).filter((key) => counts[key] !== expected[key]);
  return different.length === 0
    ? "as expected"
    : different.map((key) => `${counts[key]} ${key} in place of ${expected[key]}`).join(", ");
}
