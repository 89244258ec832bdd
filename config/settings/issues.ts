import type { z } from "zod";
import { setCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import { packages } from "./read.ts";
import { closest, example, keysAt } from "./suggest.ts";

/** Converts an issue of zod to problems. An unknown key is reported under its own path. */
export function fromZod(issue: z.core.$ZodIssue, raw: unknown): Problem[] {
  const path = dotted(issue.path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => unknownKey(key, issue.path, path ? `${path}.${key}` : key));
  if (issue.code === "invalid_key") return [wrongName(issue)];
  const found = valueAt(raw, issue.path);
  const text = found === undefined ? "nothing" : JSON.stringify(found);
  const value = example(issue, found);
  const fix = value === undefined ? `Correct the value of ${path}.` : `${toRun}${setCommand(path, value)}`;
  return [problem(path, text, messageOf(issue), fix)];
}

/** A name that the user chooses, such as the name of a variable. */
function wrongName({ path, issues }: z.core.$ZodIssueInvalidKey): Problem {
  const [reason] = issues.map(messageOf);
  return problem(dotted(path), `the name ${JSON.stringify(path.at(-1))}`, reason ?? "", "Correct the name.");
}

function unknownKey(key: string, parent: readonly PropertyKey[], path: string): Problem {
  const [before = "", after = ""] = key.split(":");
  if (parent.length === 0 && after) return unknownPackage(key, before, after);
  const meant = closest(key, keysAt(parent));
  const fix = meant
    ? `Rename it to ${meant}: docs/reference/settings.md has all names.`
    : "Correct its spelling or remove it: docs/reference/settings.md has the names.";
  return problem(path, "this setting does not exist", "Ragdock would ignore it", fix);
}

/** A key such as `ragdok:services`. Pulumi keeps the settings of each package under its name. */
const unknownPackage = (key: string, name: string, setting: string): Problem => ({
  path: key,
  found: `a setting of ${name}`,
  problem: `this program uses only the packages ${packages.join(", ")}`,
  fix: closest(name, packages)
    ? `Rename it to ${closest(name, packages)}:${setting}.`
    : "Remove it, or correct the part before the colon.",
});

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a block of settings",
  record: "a block of settings",
};

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return `must be ${typeNames[issue.expected] ?? issue.expected}`;
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  if (issue.code === "too_small" && issue.origin !== "string") return `must be at least ${issue.minimum}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum}`;
  if (issue.code === "too_small") return "must not be empty";
  return issue.message;
}

/** Returns the value at a path. Undefined if there is none. */
export const valueAt = (raw: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], raw);

const dotted = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((all, key) => {
    if (typeof key === "number") return `${all}[${key}]`;
    // Pulumi reads a dot as the start of another key.
    if (all && String(key).includes(".")) return `${all}["${String(key)}"]`;
    return all ? `${all}.${String(key)}` : String(key);
  }, "");

/** Returns `raw` without the values that have an issue. */
export function without(
  raw: Readonly<Record<string, unknown>>,
  issues: readonly z.core.$ZodIssue[],
): Record<string, unknown> {
  const copy = structuredClone(raw) as Record<string, unknown>;
  // Starts at the end, so that removing an element of a list does not move elements that are
  // removed later.
  for (const issue of issues.toReversed()) {
    const paths =
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) remove(copy, path);
  }
  return copy;
}

function remove(from: unknown, [first, ...rest]: readonly PropertyKey[]): void {
  if (typeof from !== "object" || from === null || first === undefined) return;
  const object = from as Record<PropertyKey, unknown>;
  if (rest.length > 0) remove(object[first], rest);
  else if (Array.isArray(from)) from.splice(Number(first), 1);
  else delete object[first];
}
