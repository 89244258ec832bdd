import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import { type Interpolated, interpolate, type Variables, WrongVariable } from "./interpolate.ts";
import type { Replaced } from "./merge.ts";
import { type Mapping, mapping, scalar, type Tree } from "./tree.ts";

/** The example that users copy to an environment file, such as `.env.example`, if there is one. */
export function exampleOf(path: string): string | undefined {
  const name = basename(path);
  const names = ["example", "sample", "template", "dist"].flatMap((word) => [
    `${name}.${word}`,
    name.replace(/^\.?/, `$&${word}.`),
    `${name.replace(/^\./, "")}.${word}`,
  ]);
  return names.map((one) => join(dirname(path), one)).find((one) => existsSync(one));
}

const assignment = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?:[=:]\s*(.*))?$/;

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

interface DotenvOptions {
  /** Whether values are taken as they are. @default false */
  readonly raw?: boolean;
  /** Receives the variables that a later line of the file replaces. @default they are not recorded */
  readonly replaced?: Replaced[];
}

/**
 * Parses a `.env` file as Compose does: comments, `export`, quotes over several lines, and variables
 * outside of single quotes.
 * @param outer the variables that the file can use, in addition to its own earlier ones
 * @throws Failure if a line is not an assignment
 */
export function parseDotenv(
  text: string,
  file: string,
  outer: Variables,
  { raw = false, replaced = [] }: DotenvOptions = {},
): Mapping {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const entries = new Map<string, Tree>();
  const own: Record<string, string> = {};
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, rest] = assignment.exec(line) ?? [];
    if (!name) throw wrongLine(file, index + 1);
    const origin = { file, line: index + 1, path: name };
    const earlier = entries.get(name);
    if (earlier) replaced.push({ tree: earlier, by: origin });
    if (rest === undefined) {
      // A name without a value gets its value from the environment.
      const value = Object.hasOwn(outer, name) ? (outer[name] ?? null) : null;
      entries.set(name, scalar(value, origin));
      continue;
    }
    const values = { ...own, ...outer };
    const found = raw
      ? { text: rest, variables: [], lines: 1 }
      : parsedValue(rest, lines, index, file, values);
    entries.set(name, { ...scalar(found.text, origin), variables: found.variables });
    own[name] = found.text;
    index += found.lines - 1;
  }
  return mapping(entries, { file, line: 1, path: "" });
}

/** The variables of a `.env` file as text. */
export const valuesOf = ({ entries }: Mapping): Variables =>
  Object.fromEntries(
    [...entries].flatMap(([name, value]) =>
      value.kind === "scalar" && value.value !== null ? [[name, String(value.value)]] : [],
    ),
  );

function parsedValue(
  rest: string,
  lines: readonly string[],
  index: number,
  file: string,
  values: Variables,
): Interpolated & { readonly lines: number } {
  const line = index + 1;
  const quote = rest[0];
  if (quote !== '"' && quote !== "'")
    return { ...filled(rest.replace(/(^|\s)#.*$/, "").trim(), values, file, line), lines: 1 };
  const following = [rest.slice(1), ...lines.slice(index + 1)].join("\n");
  const end = closing(following, quote);
  // Only a comment can follow a text in quotes.
  if (end < 0 || !/^[^\S\n]*(#|\n|$)/.test(following.slice(end + 1))) throw wrongLine(file, line);
  const inner = following.slice(0, end);
  const used = inner.split("\n").length;
  if (quote === "'") return { text: inner, variables: [], lines: used };
  const unescaped = inner.replace(/\\(.)/gs, (_, letter: string) =>
    letter === "$" ? "$$" : (escapes[letter] ?? letter),
  );
  return { ...filled(unescaped, values, file, line), lines: used };
}

/** The position of the quote that ends a text. A backslash protects a double quote. */
function closing(text: string, quote: string): number {
  const pattern = quote === '"' ? /\\.|"/gs : /'/g;
  for (const found of text.matchAll(pattern)) if (found[0] === quote) return found.index;
  return -1;
}

function filled(text: string, values: Variables, file: string, line: number): Interpolated {
  try {
    return interpolate(text, values);
  } catch (error) {
    if (error instanceof WrongVariable) throw wrongLine(file, line);
    throw error;
  }
}

/** The line is not part of the message, because it can contain a secret. */
const wrongLine = (file: string, line: number): Failure =>
  new Failure(
    `${basename(file)}:${line} is not an assignment.`,
    "A line is NAME=value. Put a value with spaces or # in quotes, and write $$ for a dollar sign.",
  );
