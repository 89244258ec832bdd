import { type Parts, table } from "../markdown.ts";
import type { CorpusProject } from "./corpus.ts";

/** Returns the tables of docs/measurements/entry.md. */
export function corpusParts(corpus: readonly CorpusProject[]): Parts {
  const sum = (key: keyof CorpusProject["expected"]): number =>
    corpus.reduce((all, { expected }) => all + expected[key], 0);
  return {
    corpus: table(
      ["project", "commit", "Compose files", "services", "covered", "keys", "dropped", "problems"],
      [
        ...corpus.map(({ name, repository, commit, files, expected }) => [
          name,
          `[${repository}@${commit.slice(0, 7)}](https://github.com/${repository}/tree/${commit})`,
          files.replaceAll(":", ", "),
          ...[expected.services, expected.covered, expected.keys, expected.dropped, expected.problems].map(
            String,
          ),
        ]),
        [
          `all ${corpus.length}`,
          "",
          "",
          ...(["services", "covered", "keys", "dropped", "problems"] as const).map((key) => String(sum(key))),
        ],
      ],
    ),
  };
}
