import { equal, holdsSecret, isMap, isSecret, mask, type Properties, secret, type Value } from "./values.ts";

/**
 * One changed property. Secrets appear as "[secret]", values that are not known yet as "[unknown]".
 */
export interface PropertyDiff {
  path: string;
  kind: "add" | "delete" | "update";
  old?: unknown;
  new?: unknown;
  replaces: boolean;
}

/** The steps of a property path. `*` stands for all elements. */
export type Path = readonly (string | number)[];

/** Reads a property path: `ports[0].ip`, `labels["a.b"]`, `envs[*]`. */
export function parsePath(text: string): Path {
  const steps: (string | number)[] = [];
  for (const [, quoted, index, name] of text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g)) {
    if (quoted !== undefined) steps.push(quoted.replace(/\\(.)/g, "$1"));
    else if (index !== undefined) steps.push(index === "*" ? "*" : Number(index));
    else if (name !== undefined) steps.push(name);
  }
  return steps;
}

/** Returns the new inputs with the old values at all ignored paths. */
export function ignoreChanges(news: Properties, olds: Properties, paths: readonly string[]): Properties {
  let result: Value = news;
  for (const path of paths) result = putBack(result, olds, parsePath(path)) ?? {};
  return result as Properties;
}

function putBack(now: Value | undefined, before: Value | undefined, path: Path): Value | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return before;
  if (isSecret(now) || isSecret(before)) {
    const inner = putBack(isSecret(now) ? now.value : now, isSecret(before) ? before.value : before, path);
    return inner === undefined ? undefined : secret(inner);
  }
  if (Array.isArray(now) && Array.isArray(before)) {
    return now.map((item, i) =>
      (step === "*" || step === i) && i < before.length ? (putBack(item, before[i], rest) ?? null) : item,
    );
  }
  if (!isMap(now) && !isMap(before)) return now;
  const merged = isMap(now) ? { ...now } : {};
  const old = isMap(before) ? before : {};
  const keys = step === "*" ? new Set([...Object.keys(merged), ...Object.keys(old)]) : [String(step)];
  for (const key of keys) {
    const value = putBack(merged[key], old[key], rest);
    if (value === undefined) delete merged[key];
    else merged[key] = value;
  }
  return Object.keys(merged).length === 0 && now === undefined ? undefined : merged;
}

/** Whether a changed path is inside the pattern's path, or contains it. */
export function matches(pattern: string, changed: string): boolean {
  const a = parsePath(pattern);
  const b = parsePath(changed);
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== "*" && a[i] !== b[i]) return false;
  }
  return true;
}

/** Returns the differences between two sets of properties, down to single values. */
export function differences(
  olds: Properties,
  news: Properties,
  replaces: (path: string) => boolean,
): PropertyDiff[] {
  const found: PropertyDiff[] = [];
  compare(olds, news, "", false, replaces, found);
  return found;
}

function compare(
  before: Value | undefined,
  after: Value | undefined,
  path: string,
  hidden: boolean,
  replaces: (path: string) => boolean,
  found: PropertyDiff[],
): void {
  if (equal(before, after)) return;
  if (isSecret(before) || isSecret(after)) {
    // A secret counts as one value, because the changed part would reveal a part of the secret.
    found.push(entry(path, before, after, true, replaces));
  } else if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++) {
      compare(before[i], after[i], `${path}[${i}]`, hidden, replaces, found);
    }
  } else if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[key], after[key], path ? `${path}${step(key)}` : key, hidden, replaces, found);
    }
  } else {
    found.push(entry(path, before, after, hidden, replaces));
  }
}

function step(key: string): string {
  return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function entry(
  path: string,
  before: Value | undefined,
  after: Value | undefined,
  hidden: boolean,
  replaces: (path: string) => boolean,
): PropertyDiff {
  const has = (value: Value | undefined) => value !== undefined && value !== null;
  const kind = !has(before) ? "add" : !has(after) ? "delete" : "update";
  const show = (value: Value) => (hidden && !holdsSecret(value) ? "[secret]" : mask(value));
  return {
    path,
    kind,
    ...(has(before) ? { old: show(before as Value) } : {}),
    ...(has(after) ? { new: show(after as Value) } : {}),
    replaces: replaces(path),
  };
}
