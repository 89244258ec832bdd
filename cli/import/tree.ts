/** Where a value is in the user's files. */
export interface Origin {
  /** The absolute path of the file. */
  readonly file: string;
  readonly line: number;
  /** The path of the key, such as `services.api.ports[0]`. */
  readonly path: string;
}

/** A variable that a value contains. */
export interface VariableUse {
  readonly name: string;
  /** Whether the environment or a `.env` file has a value for it. */
  readonly set: boolean;
  /** The text that replaces it. */
  readonly text: string;
  /** The default that the file has for the variable. @default none */
  readonly fallback?: string;
  /** The message of `${NAME:?message}`, if the variable has no value. @default it may stay unset */
  readonly required?: string;
}

interface Located {
  readonly origin: Origin;
  /** Compose's tags for merges. `!reset` removes a value, `!override` replaces it as a whole. */
  readonly tag?: "!reset" | "!override";
}

export interface Scalar extends Located {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  readonly variables: readonly VariableUse[];
}

export interface Mapping extends Located {
  readonly kind: "mapping";
  readonly entries: ReadonlyMap<string, Tree>;
}

export interface Sequence extends Located {
  readonly kind: "sequence";
  readonly items: readonly Tree[];
}

/** A value of a Compose file. Each part has its position in the user's files. */
export type Tree = Scalar | Mapping | Sequence;

export const scalar = (value: Scalar["value"], origin: Origin): Scalar => ({
  kind: "scalar",
  value,
  origin,
  variables: [],
});

export const mapping = (entries: Iterable<readonly [string, Tree]>, origin: Origin): Mapping => ({
  kind: "mapping",
  entries: new Map(entries),
  origin,
});

export const sequence = (items: readonly Tree[], origin: Origin): Sequence => ({
  kind: "sequence",
  items,
  origin,
});

/** Another value from the same position. Short forms such as `8080:80` have several values. */
export const derived = (from: Scalar, value: Scalar["value"]): Scalar => ({ ...from, value });

/** The path of a key below `path`. Keys with other characters than those of a name are quoted. */
export function below(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** The value at a path of keys. */
export function at(tree: Tree | undefined, ...keys: readonly string[]): Tree | undefined {
  let found = tree;
  for (const key of keys) found = found?.kind === "mapping" ? found.entries.get(key) : undefined;
  return found;
}

/** The parts of a mapping or a list. A scalar has none. */
export function children(tree: Tree | undefined): readonly Tree[] {
  if (tree?.kind === "mapping") return [...tree.entries.values()];
  return tree?.kind === "sequence" ? tree.items : [];
}

/** The entries of a mapping. Other values have none. */
export const entriesOf = (tree: Tree | undefined): readonly (readonly [string, Tree])[] =>
  tree?.kind === "mapping" ? [...tree.entries] : [];

/** The text of a scalar. Lists, mappings and empty values have none. */
export const textOf = (tree: Tree | undefined): string | undefined =>
  tree?.kind === "scalar" && tree.value !== null ? String(tree.value) : undefined;

/** The texts of a list, or of one scalar. */
export const textsOf = (tree: Tree | undefined): readonly string[] =>
  (tree?.kind === "sequence" ? tree.items : [tree]).flatMap((item) => textOf(item) ?? []);

/** Whether a scalar is true. A variable gives the text `"true"`. */
export const isTrue = (tree: Tree | undefined): boolean => textOf(tree) === "true";

/** The keys of a value: its scalars and its empty lists and mappings. */
export function leaves(tree: Tree): readonly Tree[] {
  const parts = children(tree);
  return parts.length === 0 ? [tree] : parts.flatMap(leaves);
}

/** The variables that a value contains. */
export const variablesOf = (tree: Tree): readonly VariableUse[] =>
  leaves(tree).flatMap((leaf) => (leaf.kind === "scalar" ? leaf.variables : []));

/** Changes every scalar of a value. */
export function mapScalars(tree: Tree, change: (leaf: Scalar) => Scalar): Tree {
  switch (tree.kind) {
    case "scalar":
      return change(tree);
    case "sequence":
      return { ...tree, items: tree.items.map((item) => mapScalars(item, change)) };
    case "mapping":
      return {
        ...tree,
        entries: new Map([...tree.entries].map(([key, value]) => [key, mapScalars(value, change)])),
      };
  }
}
