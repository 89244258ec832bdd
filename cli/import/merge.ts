import { at, children, type Mapping, type Origin, type Sequence, type Tree, textOf } from "./tree.ts";

/** A value that another one replaces. */
export interface Replaced {
  readonly tree: Tree;
  readonly by: Origin;
}

/** The keys of a service whose lists are replaced as a whole. */
const replacedLists = new Set(["command", "entrypoint", "healthcheck.test", "extends"]);

/**
 * Merges a value over another one, as the Compose specification defines it: mappings are merged by
 * key, lists are concatenated, and for the same port or path the later entry wins. `!reset` removes
 * and `!override` replaces.
 * @param key the path below the service, such as `healthcheck.test`
 * @param replaced receives what the result no longer contains
 */
export function merge(base: Tree, over: Tree, key: string, replaced: Replaced[]): Tree {
  if (over.tag || replacedLists.has(key) || base.kind !== over.kind) return replacing(base, over, replaced);
  if (base.kind === "mapping" && over.kind === "mapping") return mergeMappings(base, over, key, replaced);
  if (base.kind === "sequence" && over.kind === "sequence") return mergeLists(base, over, key, replaced);
  return replacing(base, over, replaced);
}

function replacing(base: Tree, over: Tree, replaced: Replaced[]): Tree {
  // An empty value changes nothing in Compose.
  if (over.kind === "scalar" && over.value === null && !over.tag && children(base).length > 0) {
    replaced.push({ tree: over, by: base.origin });
    return base;
  }
  replaced.push({ tree: base, by: over.origin });
  return over;
}

function mergeMappings(base: Mapping, over: Mapping, key: string, replaced: Replaced[]): Mapping {
  const entries = new Map(base.entries);
  // Records an empty mapping, because it is a key of the user's file that the result does not
  // contain.
  if (base.entries.size === 0 || over.entries.size === 0)
    replaced.push(
      base.entries.size === 0 ? { tree: base, by: over.origin } : { tree: over, by: base.origin },
    );
  for (const [name, value] of over.entries) {
    const earlier = entries.get(name);
    const inner = key === "" ? name : `${key}.${name}`;
    entries.set(name, earlier ? merge(earlier, value, inner, replaced) : value);
  }
  return { ...over, entries };
}

function mergeLists(base: Sequence, over: Sequence, key: string, replaced: Replaced[]): Sequence {
  if (base.items.length === 0 || over.items.length === 0) {
    replaced.push(
      base.items.length === 0 ? { tree: base, by: over.origin } : { tree: over, by: base.origin },
    );
    return base.items.length === 0 ? over : base;
  }
  const identity = identities.get(key) ?? textOf;
  const items = [...base.items];
  for (const item of over.items) {
    const id = identity(item);
    const index = id === undefined ? -1 : items.findIndex((one) => identity(one) === id);
    const earlier = items[index];
    if (!earlier) items.push(item);
    else items[index] = replacing(earlier, item, replaced);
  }
  return { ...over, items };
}

/** What makes two entries of a list the same entry. */
const identities: ReadonlyMap<string, (entry: Tree) => string | undefined> = new Map(
  Object.entries({
    ports: (entry: Tree) =>
      ["host_ip", "published", "target", "protocol"]
        .map((part) => textOf(at(entry, part)) ?? (part === "protocol" ? "tcp" : ""))
        .join("/"),
    volumes: (entry: Tree) => textOf(at(entry, "target")),
    secrets: (entry: Tree) => textOf(at(entry, "target")) ?? textOf(at(entry, "source")),
    configs: (entry: Tree) => textOf(at(entry, "target")) ?? textOf(at(entry, "source")),
    env_file: (entry: Tree) => textOf(at(entry, "path")),
  }),
);

/** Removes what `!reset` marks. */
export function withoutResets(tree: Tree, replaced: Replaced[]): Tree {
  if (tree.kind === "scalar") return tree;
  const keep = (part: Tree): boolean => {
    if (part.tag !== "!reset") return true;
    replaced.push({ tree: part, by: part.origin });
    return false;
  };
  if (tree.kind === "sequence") return { ...tree, items: tree.items.filter(keep) };
  const kept = [...tree.entries].filter(([, value]) => keep(value));
  return { ...tree, entries: new Map(kept.map(([key, value]) => [key, withoutResets(value, replaced)])) };
}
