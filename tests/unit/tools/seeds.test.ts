/**
 * Tests that docs/reference/seeds.md names only what exists. It does not run the tests that the
 * page names, and does not compare the rows with the seeds, because the project does not contain
 * the seeds.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectDir } from "../../../host/paths.ts";
import { seeds } from "../../../tools/docs/seeds/index.ts";
import { differencesOf, file, type Proof, row, stateOf, test } from "../../../tools/docs/seeds/row.ts";
import { seedsPage } from "../../../tools/docs/seeds-page.ts";

/** Returns why a proof is wrong, or undefined if it is right. */
function wrong(proof: Proof): string | undefined {
  if (proof.kind === "open") return undefined;
  if (proof.kind === "declared") {
    const found = differencesOf(proof.system).filter((text) => text.startsWith(proof.start));
    return found.length > 0
      ? undefined
      : `${proof.system} declares nothing that starts with "${proof.start}"`;
  }
  const path = join(projectDir, proof.file);
  if (!existsSync(path)) return `there is no ${proof.file}`;
  const text = readFileSync(path, "utf8");
  const missing =
    proof.kind === "file"
      ? [proof.has ?? ""].filter((part) => !text.includes(part))
      : namesIn(proof).filter((name) => !hasTest(text, proof.file, name));
  return missing.length === 0 ? undefined : `${proof.file} has no "${missing.join('", "')}"`;
}

/** The tests that a proof names. */
function namesIn(proof: Proof): readonly string[] {
  if (proof.kind === "steps") return proof.names;
  return proof.kind === "test" ? [proof.name] : [];
}

/**
 * Whether a file has a test of this name. In a table of cases, the parameters come before the name.
 */
const hasTest = (text: string, path: string, name: string): boolean =>
  path.endsWith(".py")
    ? text.includes(`def ${name}(`)
    : text.replace(/\((\s*\/\/.*)?\s+"/g, '("').includes(`("${name}"`);

/** The names of the tests in a file that follows a seed. */
const stepsIn = (file: string): string[] => {
  const text = readFileSync(join(projectDir, file), "utf8");
  return [...text.matchAll(/\b(?:step|it)\((?:\s*\/\/.*)?\s*"([^"]+)"/g)].map(([, name = ""]) => name);
};

const all = seeds.flatMap(({ system, rows }) => rows.map((row) => ({ system, ...row })));

describe("the rows of the seeds", () => {
  it("are as many as the list of each seed", () =>
    expect(Object.fromEntries(seeds.map(({ system, rows }) => [system, rows.length]))).toEqual({
      myrag: 23,
      m31: 32,
      "rag-events": 26,
      financerag: 16,
      mnemolite: 32,
    }));

  it.each(all)("$system $lines: $asked", ({ proofs }) => {
    expect(proofs).not.toEqual([]);
    expect(proofs.map(wrong).filter((reason) => reason !== undefined)).toEqual([]);
  });

  it.each(seeds)("name each test that follows the seed $system", ({ system, rows }) => {
    const file = `tests/systems/${system}-seed.ts`;
    const ofSeed = rows.flatMap(({ proofs }) =>
      proofs.filter((proof) => "file" in proof && proof.file === file),
    );
    const named = ofSeed.flatMap(namesIn);
    const steps = stepsIn(file);
    expect(steps.length).toBeGreaterThan(5);
    expect([...new Set(named)].sort()).toEqual(steps.sort());
  });

  it("name each declared difference of a system", () => {
    const declared = all.flatMap(({ proofs }) => proofs.filter((proof) => proof.kind === "declared"));
    const unnamed = seeds.flatMap(({ system }) =>
      differencesOf(system).filter(
        (text) => !declared.some((proof) => proof.system === system && text.startsWith(proof.start)),
      ),
    );
    expect(unnamed).toEqual([]);
  });
});

describe("a proof", () => {
  it("of something that does not exist is wrong", () => {
    expect(wrong(file("docs/none.md"))).toBe("there is no docs/none.md");
    expect(wrong(file("README.md", "no such words"))).toBe('README.md has no "no such words"');
    const here = "tests/unit/tools/seeds.test.ts";
    expect(wrong(test(here, ["of something", "else"].join(" ")))).toContain("has no");
    expect(wrong(test(here, "of something that does not exist is wrong"))).toBeUndefined();
    expect(wrong({ kind: "declared", system: "m31", start: "Nothing" })).toContain("declares nothing");
  });

  it("decides the state of its row, and a missing part decides first", () => {
    const there = file("README.md");
    const differs: Proof = { kind: "declared", system: "m31", start: "Python" };
    expect(stateOf(row("1", "a", there))).toBe("yes");
    expect(stateOf(row("1", "a", there, differs))).toBe("declared");
    expect(stateOf(row("1", "a", differs, { kind: "open", missing: "x" }))).toBe("open");
  });
});

it("the page shows each row", () => {
  const { seeds: page = "" } = seedsPage();
  expect(
    page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| lines")),
  ).toHaveLength(all.length + seeds.length);
});
