import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { type Classified, classify, type Line } from "../../../../cli/import/classify.ts";
import { composeFiles, readCompose } from "../../../../cli/import/read.ts";
import { composeFile } from "./generated.ts";
import { projectOf } from "./project.ts";

const corpus = join(import.meta.dirname, "corpus");

/**
 * The keys of plain data: its scalars and empty parts, by path. Counts the keys without the reader.
 */
function keysOf(value: unknown, path: string): string[] {
  const parts = Array.isArray(value)
    ? value.map((item, index) => [`${path}[${index}]`, item] as const)
    : Object.entries(value ?? {}).map(([key, item]) => [path === "" ? key : `${path}.${key}`, item] as const);
  if (typeof value !== "object" || parts.length === 0) return [path];
  return parts.flatMap(([inner, item]) => keysOf(item, inner));
}

const paths = (lines: readonly Line[]): string[] => lines.flatMap(({ keys }) => keys.map(({ path }) => path));
const all = ({ services, project }: Classified): Line[] => [
  ...services.flatMap(({ lines }) => lines),
  ...project,
];

/** The project of a folder of the corpus. */
const ofCorpus = (name: string): Classified =>
  classify(readCompose(composeFiles(name, corpus), { DB_PASSWORD: "given" }));

describe("every key has exactly one line in the report in the report", () => {
  it("of one generated file", () => {
    fc.assert(
      fc.property(composeFile, (data) => {
        const project = projectOf({ "compose.yaml": stringify(data, { aliasDuplicateObjects: false }) });
        const found = paths(all(classify(project))).sort();
        const { services, ...rest } = data;
        const expected = [
          ...Object.entries(services).flatMap(([name, one]) => keysOf(one, `services.${name}`)),
          ...Object.entries(rest).flatMap(([name, one]) => keysOf(one, name)),
        ].sort();
        expect(found).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it("of two generated files that are merged", () => {
    fc.assert(
      fc.property(composeFile, composeFile, (one, two) => {
        const files = { "compose.yaml": stringify(one), "compose.override.yaml": stringify(two) };
        const found = all(classify(projectOf(files))).flatMap(({ keys }) => keys);
        const named = found.map((key) => `${key.file.split("/").at(-1)} ${key.path}`).sort();
        const expected = Object.entries({ "compose.yaml": one, "compose.override.yaml": two }).flatMap(
          ([name, { services, ...rest }]) =>
            [
              ...Object.entries(services).flatMap(([service, data]) => keysOf(data, `services.${service}`)),
              ...Object.entries(rest).flatMap(([section, data]) => keysOf(data, section)),
            ].map((path) => `${name} ${path}`),
        );
        expect(named).toEqual(expected.sort());
      }),
      { numRuns: 100 },
    );
  });

  it.each(["single", "worker", "anchors"])("of the project %s", (name) => {
    const classified = ofCorpus(name);
    for (const { lines } of [...classified.services, { lines: classified.project }]) {
      // An environment file can have two lines for one variable.
      const keys = lines.flatMap((one) => one.keys.map(({ file, line, path }) => `${file}:${line} ${path}`));
      expect(keys).toEqual([...new Set(keys)]);
    }
    const found = new Set(
      all(classified).flatMap(({ keys }) => keys.map((key) => `${key.file} ${key.path}`)),
    );
    for (const path of composeFiles(name, corpus)) {
      const { services, ...rest } = parse(readFileSync(path, "utf8"), { merge: true, logLevel: "silent" });
      const expected = [
        ...Object.entries(services).flatMap(([service, data]) => keysOf(data, `services.${service}`)),
        ...Object.entries(rest).flatMap(([section, data]) => keysOf(data, section)),
      ];
      expect(expected.filter((key) => !found.has(`${path} ${key}`))).toEqual([]);
    }
  });
});
