import { basename } from "node:path";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import { Failure } from "../../config/spec/failure.ts";
import { below, mapping, type Origin, scalar, sequence, type Tree } from "./tree.ts";

/** The most values of a file, with each alias counted where it is used. Aliases can multiply. */
const mostValues = 100_000;

/** The deepest nesting of a file. An alias can contain itself. */
const deepest = 100;

/**
 * Parses a YAML file. Anchors and merges (`<<`) are resolved.
 * @throws Failure if it is not valid YAML
 */
export function parseTree(text: string, file: string): Tree {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  const [error] = document.errors;
  if (error) {
    // The other lines of the message quote the file, which can have a secret.
    const [what = ""] = error.message.split("\n");
    throw new Failure(`${basename(file)} is not valid YAML: ${what}`, `Correct ${file}.`);
  }
  return new Reader(document, lines, file).tree(document.contents, { path: "", depth: 0, line: 1 });
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly line: number;
}

class Reader {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #file: string;
  /** Each alias is resolved once, because that goes through the whole document. */
  readonly #aliases = new Map<unknown, unknown>();
  #values = 0;

  constructor(document: Document, lines: LineCounter, file: string) {
    this.#document = document;
    this.#lines = lines;
    this.#file = file;
  }

  tree(given: unknown, place: Place): Tree {
    this.#values += 1;
    if (this.#values > mostValues || place.depth > deepest)
      throw new Failure(
        `${basename(this.#file)} is too large: its aliases expand to more than ${mostValues} values, or more than ${deepest} levels.`,
        `Remove aliases that contain other aliases from ${this.#file}.`,
      );
    const node = this.#resolved(given);
    const origin: Origin = { file: this.#file, line: place.line, path: place.path };
    const tag = node && typeof node === "object" && "tag" in node ? node.tag : undefined;
    // The value after `!reset` has no meaning.
    const tree = tag === "!reset" ? scalar(null, origin) : this.#untagged(node, place, origin);
    return tag === "!reset" || tag === "!override" ? { ...tree, tag } : tree;
  }

  #untagged(node: unknown, place: Place, origin: Origin): Tree {
    if (isMap(node)) return mapping(this.#entries(node, place), origin);
    if (isSeq(node))
      return sequence(
        node.items.map((item, index) =>
          this.tree(item, {
            path: below(place.path, index),
            depth: place.depth + 1,
            line: this.#line(item as Node) ?? place.line,
          }),
        ),
        origin,
      );
    const value = isScalar(node) ? node.value : null;
    return scalar(isPlain(value) ? value : String(value), origin);
  }

  /**
   * The entries of a mapping. The mapping's own entries come after the merged entries, and replace
   * them.
   */
  #entries(map: YAMLMap, place: Place): Map<string, Tree> {
    const merged = map.items.filter(isMerge).flatMap(({ value }) => this.#mergedMaps(value));
    const entries = new Map<string, Tree>();
    // The first of several merged mappings decides.
    for (const source of merged.reverse())
      for (const [key, value] of this.#entries(source, { ...place, depth: place.depth + 1 }))
        entries.set(key, value);
    for (const pair of map.items) {
      if (isMerge(pair)) continue;
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const line = this.#line(pair.key as Node) ?? place.line;
      entries.set(key, this.tree(pair.value, { path: below(place.path, key), depth: place.depth + 1, line }));
    }
    return entries;
  }

  #resolved(given: unknown): unknown {
    if (!isAlias(given)) return given;
    if (!this.#aliases.has(given)) this.#aliases.set(given, given.resolve(this.#document));
    return this.#aliases.get(given);
  }

  #mergedMaps(value: unknown): YAMLMap[] {
    const node = this.#resolved(value);
    if (isMap(node)) return [node];
    return isSeq(node) ? node.items.flatMap((item) => this.#mergedMaps(item)) : [];
  }

  #line(node: Node | null): number | undefined {
    const start = node?.range?.[0];
    return start === undefined ? undefined : this.#lines.linePos(start).line;
  }
}

const isMerge = ({ key }: Pair): boolean => isScalar(key) && (key.value === "<<" || isMergeSymbol(key.value));

/** The `yaml` package reads an unquoted `<<` as a symbol. */
const isMergeSymbol = (value: unknown): boolean => typeof value === "symbol" && value.description === "<<";

const isPlain = (value: unknown): value is string | number | boolean | null =>
  value === null || ["string", "number", "boolean"].includes(typeof value);
