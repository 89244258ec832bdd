import { isAbsolute, join } from "node:path";
import type { Replaced } from "./merge.ts";
import {
  derived,
  entriesOf,
  type Mapping,
  mapping,
  mapScalars,
  type Scalar,
  sequence,
  type Tree,
  textOf,
} from "./tree.ts";
import { shellWords } from "./words.ts";

/**
 * The input to expand short forms: the folder of the file, and a function that records replaced
 * entries.
 */
export interface Canonical {
  readonly folder: string;
  readonly replaced: Replaced[];
}

type Form = (tree: Tree, context: Canonical) => Tree;

/**
 * Turns the short forms of a service into the long ones. Each value keeps its position in the
 * user's file. Relative paths become absolute.
 */
export function canonicalService(tree: Tree, context: Canonical): Mapping {
  const entries = entriesOf(tree).map(
    ([key, value]) => [key, forms.get(key)?.(value, context) ?? value] as const,
  );
  return mapping(entries, tree.origin);
}

/** Turns the short forms of a top-level section into the long ones. */
export function canonicalSection(name: string, tree: Tree, context: Canonical): Tree {
  if (name === "include") return each(ifText((text) => parted(text, { path: text.value })))(tree, context);
  if (name !== "secrets" && name !== "configs") return tree;
  return inEach(tree, (one) => change(one, "file", (file) => path(file, context)));
}

/** Converts a text, a number or a boolean. Returns any other value unchanged. */
const ifText =
  (convert: (text: Scalar, context: Canonical) => Tree): Form =>
  (tree, context) =>
    tree.kind === "scalar" && tree.value !== null ? convert(tree, context) : tree;

const inEach = (tree: Tree, convert: (one: Tree, key: string) => Tree): Tree =>
  tree.kind === "mapping"
    ? { ...tree, entries: new Map([...tree.entries].map(([key, value]) => [key, convert(value, key)])) }
    : tree;

/** Converts the value of one key of a mapping. */
const change = (tree: Tree, key: string, convert: (value: Tree) => Tree): Tree =>
  inEach(tree, (value, name) => (name === key ? convert(value) : value));

/** A path of the file as an absolute one. `~` is the user's home. */
const path = (tree: Tree, { folder }: Canonical): Tree =>
  mapScalars(tree, (leaf) => {
    const text = textOf(leaf);
    return text === undefined ? leaf : derived(leaf, absolute(text, folder));
  });

function absolute(text: string, folder: string): string {
  // A URL is a remote build context.
  if (isAbsolute(text) || /^[\w+.-]+:\/\/|^git@/.test(text)) return text;
  const home = process.env.HOME ?? "~";
  return text === "~" || text.startsWith("~/") ? join(home, text.slice(2)) : join(folder, text);
}

/**
 * `NAME=value` or `NAME: value` as a mapping. If several have the same name, the last one counts.
 */
const pairs =
  (separator: RegExp): Form =>
  (tree, { replaced }) => {
    if (tree.kind !== "sequence") return tree;
    const entries = new Map<string, Tree>();
    for (const item of tree.items) {
      const text = textOf(item) ?? "";
      const split = separator.exec(text);
      const key = split ? text.slice(0, split.index).trim() : text;
      const value = split ? text.slice(split.index + split[0].length) : null;
      const earlier = entries.get(key);
      if (earlier) replaced.push({ tree: earlier, by: item.origin });
      entries.set(key, item.kind === "scalar" ? derived(item, value) : item);
    }
    return { ...tree, ...mapping(entries, tree.origin) };
  };

/** Names as a mapping. Each name has `value`. */
const names =
  (value: (name: Scalar) => Tree): Form =>
  (tree, context) =>
    tree.kind === "sequence"
      ? inEach(pairs(/$^/)(tree, context), (item) => (item.kind === "scalar" ? value(item) : item))
      : tree;

/** A list. A single value becomes a list of one entry. */
const each =
  (form: Form): Form =>
  (tree, context) => {
    if (tree.kind === "scalar" && tree.value === null) return tree;
    const items = tree.kind === "sequence" ? tree.items : [tree];
    return {
      ...tree,
      ...sequence(
        items.map((item) => form(item, context)),
        tree.origin,
      ),
    };
  };

const words = ifText((text) => sequence(wordsOf(text), text.origin));
const wordsOf = (text: Scalar): Scalar[] => shellWords(String(text.value)).map((word) => derived(text, word));

const port = ifText((text) => {
  const [, host, published, target = "", protocol] =
    /^(?:(?:(\[[^\]]*\]|[^:]*):)?([^:]*):)?([^:/]+)(?:\/(\w+))?$/.exec(String(text.value)) ?? [];
  const parts = {
    target: target || String(text.value),
    published,
    host_ip: host?.replace(/^\[|\]$/g, ""),
    protocol,
  };
  return parted(text, parts);
});

const volume: Form = (tree, context) => {
  if (tree.kind !== "scalar")
    return textOf(tree.kind === "mapping" ? tree.entries.get("type") : undefined) === "bind"
      ? change(tree, "source", (source) => path(source, context))
      : tree;
  const parts = String(tree.value).split(":");
  const options = parts.length > 2 ? (parts.pop() ?? "").split(",") : [];
  const [source, target] = parts.length > 1 ? parts : [undefined, parts[0]];
  const isPath = source !== undefined && /^[.~/]/.test(source);
  const others = options.filter((one) => one !== "ro" && one !== "rw");
  return parted(tree, {
    type: isPath ? "bind" : "volume",
    source: isPath ? absolute(source, context.folder) : source,
    target,
    read_only: options.includes("ro") ? true : undefined,
    options: others.length > 0 ? others.join(",") : undefined,
  });
};

function parted(from: Scalar, parts: Readonly<Record<string, Scalar["value"] | undefined>>): Mapping {
  const entries = Object.entries(parts).flatMap(([key, value]): [string, Tree][] =>
    value === undefined || value === "" ? [] : [[key, derived(from, value)]],
  );
  return mapping(entries, from.origin);
}

const build: Form = (tree, context) => {
  const long = tree.kind === "scalar" ? parted(tree, { context: tree.value ?? undefined }) : tree;
  const withArgs = change(long, "args", (args) => pairs(/=/)(args, context));
  return change(withArgs, "context", (folder) => path(folder, context));
};

const healthcheck: Form = (tree) =>
  change(
    tree,
    "test",
    ifText((text) => sequence([derived(text, "CMD-SHELL"), text], text.origin)) as (value: Tree) => Tree,
  );

const unchanged: Form = (tree) => tree;
const file = ifText((text) => parted(text, { source: text.value }));
const environmentFile: Form = (tree, context) =>
  change(tree.kind === "scalar" ? parted(tree, { path: tree.value }) : tree, "path", (one) =>
    path(one, context),
  );

/** The long forms of those keys of a service that have a short form. */
const forms: ReadonlyMap<string, Form> = new Map(
  Object.entries({
    build,
    command: words,
    entrypoint: words,
    environment: pairs(/=/),
    labels: pairs(/=/),
    annotations: pairs(/=/),
    sysctls: pairs(/=/),
    extra_hosts: pairs(/[=:]/),
    depends_on: names((name) => mapping([["condition", derived(name, "service_started")]], name.origin)),
    networks: names((name) => derived(name, null)),
    extends: ifText((text) => parted(text, { service: text.value })),
    env_file: each(environmentFile),
    ports: each(port),
    volumes: each(volume),
    secrets: each(file),
    configs: each(file),
    dns: each(unchanged),
    dns_search: each(unchanged),
    tmpfs: each(unchanged),
    healthcheck,
  }),
);
