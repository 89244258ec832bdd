import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { classify } from "../../cli/import/classify.ts";
import { composeFiles, readCompose } from "../../cli/import/read.ts";
import { worldOf } from "../../cli/import/survey.ts";
import { problemsOf } from "../../cli/import/write/problems.ts";
import { settingsText } from "../../cli/import/write/settings-file.ts";
import { stackOf } from "../../cli/import/write/stack.ts";
import { type CorpusProject, type Counts, folderOf } from "./corpus.ts";

/** Imports a project of the corpus, and counts. @param corpus the folder of the corpus */
export function countsOf(project: CorpusProject, corpus: string): Counts {
  const read = readCompose(composeFiles(project.files, join(corpus, folderOf(project))), {});
  const world = worldOf(read);
  const { services, project: rest } = classify(read, world);
  const lines = [...services.flatMap((service) => service.lines), ...rest];
  const found = new Set(lines.flatMap(({ keys }) => keys.map(({ file, path }) => `${file} ${path}`)));
  const keys = read.files.filter((file) => /\.ya?ml$/.test(file)).flatMap(keysOf);
  const stack = stackOf(world);
  const text = settingsText(read, stack);
  return {
    services: services.length,
    covered: services.filter((one) => one.lines.every(({ outcome }) => outcome !== "unsupported")).length,
    keys: keys.length,
    dropped: keys.filter((key) => !found.has(key)).length,
    applications: stack.applications.length,
    problems: problemsOf(text, "corpus", stack.asked).length,
  };
}

/** The keys of a Compose file, read without the import: scalars and empty parts, by path. */
function keysOf(file: string): string[] {
  const data: unknown = parse(readFileSync(file, "utf8"), {
    merge: true,
    logLevel: "error",
    maxAliasCount: -1,
    customTags: [
      { tag: "!reset", resolve: () => null },
      { tag: "!override", collection: "seq", resolve: (value: unknown) => value },
    ] as never,
  });
  return leaves(data, "").map((path) => `${file} ${path}`);
}

function leaves(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [path];
  const parts = Array.isArray(value)
    ? value.map((item, index) => [`${path}[${index}]`, item] as const)
    : Object.entries(value).map(([key, item]) => [below(path, key), item] as const);
  return parts.length === 0 ? [path] : parts.flatMap(([inner, item]) => leaves(item, inner));
}

const below = (path: string, key: string): string => {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
};
