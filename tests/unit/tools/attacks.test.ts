/** Tests the list of attacks, and its page with invented results. These tests run no attack. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectDir } from "../../../host/paths.ts";
import type { Ran } from "../../../tools/attacks/attack.ts";
import { attacks } from "../../../tools/attacks/attacks.ts";
import { type Findings, outcomesOf } from "../../../tools/attacks/findings.ts";
import { securityParts } from "../../../tools/attacks/page.ts";
import { readPytest } from "../../../tools/attacks/run.ts";
import { pageWith } from "../../../tools/markdown.ts";

/** The text that a file contains if it has the test. */
const written = (file: string, name: string): string => {
  if (file.endsWith(".py")) return `def ${name}(`;
  return file.endsWith(".sh") ? `check "${name}"` : name;
};

describe("the list of attacks", () => {
  it.each(attacks.map((one) => [one.attack, one] as const))("names tests that exist: %s", (_, { tests }) => {
    expect(tests).not.toEqual([]);
    for (const { file, name } of tests) {
      expect(existsSync(join(projectDir, file)), file).toBe(true);
      if (name) expect(readFileSync(join(projectDir, file), "utf8"), file).toContain(written(file, name));
    }
  });

  it("has each attack once", () =>
    expect(new Set(attacks.map(({ attack }) => attack)).size).toBe(attacks.length));
});

const list = [
  {
    attack: "A",
    promise: "P",
    tests: [
      { file: "tests/a.test.ts", name: "group" },
      { file: "app/tests/test_b.py", name: "test_b" },
    ],
  },
  { attack: "B", promise: "Q", tests: [{ file: "tests/c.test.ts" }] },
];
const facts = { date: "2026-01-02", commit: "abc1234", docker: "20.10.24", cores: "2", memory: "24 GiB" };
const findings = (ran: readonly Ran[]): Findings => ({ unit: { facts, outcomes: outcomesOf(list, ran) } });
const passed = [
  { file: "tests/a.test.ts", name: "group one" },
  { file: "tests/a.test.ts", name: "other" },
  { file: "app/tests/test_b.py", name: "test_b[1]" },
  { file: "app/tests/test_b.py", name: "test_b[2]" },
  { file: "app/tests/test_b.py", name: "test_bc" },
];

describe("the page of attacks", () => {
  const rows = (ran: readonly Ran[]): string => securityParts(list, findings(ran)).results ?? "";

  it("counts the tests of an attack, and says which attacks did not run", () => {
    expect(rows(passed)).toMatch(/\| A \| P \| .* \| 3 \| passed \|/);
    expect(rows(passed)).toMatch(/\| B \| Q \| .* \| 0 \| not run: tests\/c\.test\.ts \|/);
    expect(rows(passed.slice(0, 1))).toContain("not run: app/tests/test_b.py test_b");
  });

  it("shows the reason of a failure", () => {
    const failed = { file: "tests/c.test.ts", name: "c", failure: "expected 401" };
    expect(rows([...passed, failed])).toContain("**failed**: c: expected 401");
  });

  it("links each test once, and the generated page is current", () => {
    expect(rows(passed)).toContain("[a](../../tests/a.test.ts)");
    const page = pageWith("docs/measurements/security.md", securityParts(list, findings(passed)));
    expect(page).toContain("| unit | 2026-01-02 | abc1234 |");
  });
});

it("reads the results of pytest", () => {
  const output = [
    "== front-door",
    "..F",
    "PASSED tests/auth/test_a.py::test_a[x - y]",
    "FAILED tests/auth/test_a.py::test_b - assert 1 == 2",
    "ERROR tests/auth/test_c.py::test_c - KeyError",
    "SKIPPED [1] tests/auth/test_c.py:13: needs a server",
    "== app/library",
    "PASSED tests/test_a.py::test_a",
  ].join("\n");
  expect(readPytest(output)).toEqual([
    { file: "front-door/tests/auth/test_a.py", name: "test_a[x - y]" },
    { file: "front-door/tests/auth/test_a.py", name: "test_b", failure: "assert 1 == 2" },
    { file: "front-door/tests/auth/test_c.py", name: "test_c", failure: "KeyError" },
    { file: "app/library/tests/test_a.py", name: "test_a" },
  ]);
});
