import { describe, expect, it } from "vitest";
import { parseDotenv, valuesOf } from "../../../../cli/import/dotenv.ts";
import { interpolate } from "../../../../cli/import/interpolate.ts";

const values = { SET: "value", EMPTY: "", OTHER: "other" };
const text = (source: string): string => interpolate(source, values).text;

describe("variables in a value", () => {
  it.each([
    ["$SET", "value"],
    [`a\${SET}b`, "avalueb"],
    [`\${SET:-d}`, "value"],
    [`\${EMPTY:-d}`, "d"],
    [`\${EMPTY-d}`, ""],
    [`\${UNSET-d}`, "d"],
    [`\${UNSET:-}`, ""],
    [`\${SET:+r}`, "r"],
    [`\${EMPTY:+r}`, ""],
    [`\${EMPTY+r}`, "r"],
    [`\${UNSET+r}`, ""],
    [`\${SET:?message}`, "value"],
    [`\${UNSET:?message}`, ""],
    [`\${UNSET:-\${OTHER}}`, "other"],
    [`\${UNSET:-\${UNSET:-deep}/x}`, "deep/x"],
    [`\${UNSET:-http://host:80/}`, "http://host:80/"],
    ["$$SET", "$SET"],
    [`$$\${SET}`, "$value"],
    ["no variable", "no variable"],
    // As compose-go does, at 2.16.2.
    ["$", "$"],
    ["$1", "$1"],
    ["s/x$//", "s/x$//"],
  ])("%s becomes %s", (source, expected) => {
    expect(text(source)).toBe(expected);
  });

  it.each([`\${`, `\${SET`, `\${SET:-d`, `\${SET!d}`])("refuses %s", (source) => {
    expect(() => text(source)).toThrow("has a ${ without a valid variable");
  });

  it("records each variable, its fallback, and the message of a required one", () => {
    expect(interpolate(`\${UNSET:-\${OTHER}} \${NEEDED:?set it} $SET`, values).variables).toEqual([
      { name: "UNSET", set: false, text: "other", fallback: "other" },
      { name: "OTHER", set: true, text: "other" },
      { name: "NEEDED", set: false, text: "", required: "set it" },
      { name: "SET", set: true, text: "value" },
    ]);
  });
});

describe("a .env file", () => {
  const parsed = (source: string) => valuesOf(parseDotenv(source, "/app/.env", values));

  it("reads comments, export, quotes and variables", () => {
    const source = [
      "# comment",
      "",
      "A=plain # comment",
      "export B = spaced ",
      "C='$SET # kept'",
      'D="line\\nnext $SET"',
      `E=\${A}-\${UNSET:-d}`,
      'F="two',
      'lines"',
      "G=a#b",
      "H=",
      "SET",
      "UNSET",
      'I="\\$SET \\"quoted\\""',
    ].join("\n");
    expect(parsed(source)).toEqual({
      A: "plain",
      B: "spaced",
      C: "$SET # kept",
      D: "line\nnext value",
      E: "plain-d",
      F: "two\nlines",
      G: "a#b",
      H: "",
      SET: "value",
      I: '$SET "quoted"',
    });
  });

  it("gives each variable its line", () => {
    const { entries } = parseDotenv('A="1\n2"\n\nB=3', "/app/.env", {});
    expect([...entries.values()].map(({ origin }) => [origin.path, origin.line])).toEqual([
      ["A", 1],
      ["B", 4],
    ]);
  });

  it.each(["not an assignment", "=value", 'A="open', "A='it''s'"])(
    "refuses %s and names the line",
    (line) => {
      expect(() => parsed(`X=1\n${line}`)).toThrow(".env:2 is not an assignment");
    },
  );
});
