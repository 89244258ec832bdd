import type { PropertyDiff, RunResult } from "../../engine/index.ts";
import { kinds, ops } from "./progress.ts";

/** Longest value that is shown, in characters. */
const longest = 100;

/** Formats a preview, with a line for each resource and each changed property. */
export function planned(result: RunResult, shortName: (name: string) => string): string[] {
  return result.steps
    .filter((step) => step.op !== "same" && step.op !== "read" && kinds[step.type])
    .flatMap((step) => [
      `${ops[step.op][0]} ${kinds[step.type]} ${shortName(step.name)}: ${step.op}`,
      ...(step.op === "update" || step.op === "replace" ? properties(step.diff) : []),
    ]);
}

/** The changed properties. Lists of texts, such as variables, are compared without their order. */
function properties(diffs: readonly PropertyDiff[]): string[] {
  const lists = Map.groupBy(diffs, ({ path }) => /^(.+)\[\d+\]$/.exec(path)?.[1] ?? "");
  return [...lists].flatMap(([list, own]) =>
    list !== "" && own.every(isOfTexts) ? [elements(list, own)] : own.map(property),
  );
}

const isOfTexts = ({ old, new: next }: PropertyDiff): boolean =>
  [old, next].every((value) => value === undefined || typeof value === "string");

function elements(list: string, diffs: readonly PropertyDiff[]): string {
  const olds = new Set(diffs.map(({ old }) => old));
  const news = new Set(diffs.map((diff) => diff.new));
  const removed = [...olds].filter((value) => value !== undefined && !news.has(value));
  const added = [...news].filter((value) => value !== undefined && !olds.has(value));
  const changes = [...removed.map((value) => `- ${value}`), ...added.map((value) => `+ ${value}`)];
  return `      ${list}: ${changes.join(", ") || "another order"}${forced(diffs)}`;
}

function property(diff: PropertyDiff): string {
  const [line, old, next] = firstChange(diff.old, diff.new);
  return `      ${diff.path}${line}: ${shown(old)} → ${shown(next)}${forced([diff])}`;
}

/** Returns the first line that differs between two texts. */
function firstChange(old: unknown, next: unknown): readonly [line: string, old: unknown, next: unknown] {
  if (typeof old !== "string" || typeof next !== "string") return ["", old, next];
  const [olds, news] = [old.trimEnd().split("\n"), next.trimEnd().split("\n")];
  if (olds.length === 1 && news.length === 1) return ["", olds[0], news[0]];
  const index = news.findIndex((line, i) => line !== olds[i]);
  const at = index < 0 ? news.length : index;
  return [`, line ${at + 1}`, olds[at]?.trim(), news[at]?.trim()];
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text === undefined) return "nothing";
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

const forced = (diffs: readonly PropertyDiff[]): string =>
  diffs.some(({ replaces }) => replaces) ? "   (replaces)" : "";
