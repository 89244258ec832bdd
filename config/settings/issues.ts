import type { z } from "zod";
import { type Problem, problem, setCommand } from "../spec/problem.ts";

/** zod's issue as problems. An unknown key is reported under its own path. */
export function fromZod(issue: z.core.$ZodIssue, raw: unknown): Problem[] {
  const path = dotted(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      problem(
        `${path ? `${path}.` : ""}${key}`,
        "a setting that does not exist",
        "it would be ignored",
        "Correct its spelling or remove it: docs/reference/settings.md has the names.",
      ),
    );
  }
  const found = valueAt(raw, issue.path);
  const text = found === undefined ? "nothing" : JSON.stringify(found);
  const value = example(issue);
  const fix = value === undefined ? `Correct the value of ${path}.` : `Run: ${setCommand(path, value)}`;
  return [problem(path, text, issue.message, fix)];
}

/** The value at a path. Undefined if there is none. */
export const valueAt = (raw: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], raw);

const dotted = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((all, key) => {
    if (typeof key === "number") return `${all}[${key}]`;
    return all ? `${all}.${String(key)}` : String(key);
  }, "");

/** A value that would pass, where the issue tells one. */
function example(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === "invalid_value") return String(issue.values[0]);
  if (issue.code === "too_small") return String(issue.minimum);
  if (issue.code === "too_big") return String(issue.maximum);
  return /such as ([^\s,]+)/.exec(issue.message)?.[1];
}

/** `raw` without what the issues are about. */
export function without(
  raw: Readonly<Record<string, unknown>>,
  issues: readonly z.core.$ZodIssue[],
): Record<string, unknown> {
  const copy = structuredClone(raw) as Record<string, unknown>;
  // From the back, so that removed elements of a list do not move those that are removed later.
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
