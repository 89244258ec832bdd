import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import { canonicalSection, canonicalService } from "./canonical.ts";
import { parseDotenv, valuesOf } from "./dotenv.ts";
import { interpolate, type Variables, WrongVariable } from "./interpolate.ts";
import { merge, type Replaced } from "./merge.ts";
import {
  at,
  children,
  entriesOf,
  mapping,
  mapScalars,
  type Scalar,
  type Tree,
  textOf,
  textsOf,
} from "./tree.ts";
import { parseTree } from "./yaml.ts";

/** A service or a top-level key, while files are merged. */
export interface Part {
  readonly tree: Tree;
  readonly replaced: Replaced[];
  /** The variables of its file. */
  readonly values: Variables;
}

/** The content of one file and of the files that it includes. */
export interface Model {
  readonly services: ReadonlyMap<string, Part>;
  readonly sections: ReadonlyMap<string, Part>;
}

/** Reads Compose files, and records which files it has read. */
export class FileLoader {
  readonly files = new Set<string>();
  readonly warnings: string[] = [];
  readonly #environment: Variables;

  constructor(environment: Variables) {
    this.#environment = environment;
  }

  /**
   * The variables for the files of a folder: those of its `.env`, and `outer`, which takes
   * precedence.
   */
  variablesOf(
    folder: string,
    outer: Variables = this.#environment,
    files: readonly string[] = [join(folder, ".env")],
  ): Variables {
    let values: Variables = {};
    for (const file of files.filter((one) => existsSync(one))) {
      this.files.add(file);
      values = { ...values, ...valuesOf(parseDotenv(readFileSync(file, "utf8"), file, outer)) };
    }
    return { ...values, ...outer };
  }

  /**
   * Reads a file, the files that it includes, and the services that its services extend.
   * @param folder the folder that relative paths start at
   * @param chain the files that include this one
   */
  load(file: string, folder: string, values: Variables, chain: readonly string[] = []): Model {
    if (chain.includes(file)) throw circular(file, [...chain, file]);
    const parsed = this.#parse(file, values);
    const services = new Map<string, Part>();
    for (const [name] of entriesOf(at(parsed, "services")))
      services.set(name, this.#service(name, file, parsed, folder, values, []));
    const sections = new Map<string, Part>();
    for (const [name, value] of entriesOf(parsed)) {
      if (name === "services") continue;
      const replaced: Replaced[] = [];
      sections.set(name, { tree: canonicalSection(name, value, { folder, replaced }), replaced, values });
    }
    const included = children(sections.get("include")?.tree).map((entry) =>
      this.#included(entry, folder, values, [...chain, file]),
    );
    return included.reduce((all, one) => added(all, one, file), { services, sections });
  }

  #parse(file: string, values: Variables): Tree {
    if (!existsSync(file))
      throw new Failure(`There is no file ${file}.`, "Correct the path in the Compose file.");
    this.files.add(file);
    const tree = parseTree(readFileSync(file, "utf8"), file);
    if (tree.kind !== "mapping" || at(tree, "services")?.kind === "sequence")
      throw new Failure(
        `${basename(file)} is not a Compose file: it has no services.`,
        `Name a Compose file instead of ${file}.`,
      );
    return mapScalars(tree, (leaf) => filled(leaf, values));
  }

  /** A service in the long form, merged over the service that it extends. */
  #service(
    name: string,
    file: string,
    parsed: Tree,
    folder: string,
    values: Variables,
    chain: readonly string[],
  ): Part {
    const link = `${name} of ${basename(file)}`;
    if (chain.includes(link)) throw circular(file, [...chain, link]);
    const raw = at(parsed, "services", name);
    if (!raw) throw new Failure(`${file} has no service "${name}".`, `Correct "extends" of ${chain.at(-1)}.`);
    if (raw.kind === "sequence" || textOf(raw) !== undefined)
      throw new Failure(
        `${basename(file)}:${raw.origin.line}: ${raw.origin.path} is not a block of keys.`,
        "A service is a mapping, such as: api: {image: example/api}.",
      );
    const replaced: Replaced[] = [];
    const tree =
      raw.kind === "mapping" ? canonicalService(raw, { folder, replaced }) : mapping([], raw.origin);
    const base = textOf(at(tree, "extends", "service"));
    if (base === undefined) return { tree: tag(tree, raw), replaced, values };
    const other = textOf(at(tree, "extends", "file"));
    const path = other === undefined ? file : resolve(folder, other);
    const part =
      path === file
        ? this.#service(base, file, parsed, folder, values, [...chain, link])
        : this.#service(base, path, this.#parse(path, values), dirname(path), values, [...chain, link]);
    const all = [...part.replaced, ...replaced];
    return { tree: merge(part.tree, tree, "", all), replaced: all, values };
  }

  #included(entry: Tree, folder: string, outer: Variables, chain: readonly string[]): Model {
    const paths = textsOf(at(entry, "path")).map((path) => resolve(folder, path));
    const [first] = paths;
    if (first === undefined) return { services: new Map(), sections: new Map() };
    const own = textOf(at(entry, "project_directory"));
    const start = own === undefined ? dirname(first) : resolve(folder, own);
    const environmentFiles = textsOf(at(entry, "env_file")).map((path) => resolve(folder, path));
    const values = this.variablesOf(start, outer, environmentFiles.length > 0 ? environmentFiles : undefined);
    return paths.map((path) => this.load(path, start, values, chain)).reduce(mergeModels);
  }
}

const tag = (tree: Tree, from: Tree): Tree => (from.tag ? { ...tree, tag: from.tag } : tree);

/** Merges a file over another one. */
export function mergeModels(base: Model, over: Model): Model {
  return {
    services: mergeParts(base.services, over.services),
    sections: mergeParts(base.sections, over.sections),
  };
}

function mergeParts(base: ReadonlyMap<string, Part>, over: ReadonlyMap<string, Part>): Map<string, Part> {
  const parts = new Map(base);
  for (const [name, part] of over) {
    const earlier = parts.get(name);
    if (!earlier) parts.set(name, part);
    else {
      const replaced = [...earlier.replaced, ...part.replaced];
      parts.set(name, { ...part, tree: merge(earlier.tree, part.tree, "", replaced), replaced });
    }
  }
  return parts;
}

/** Adds what a file includes. Compose refuses a service that both have. */
function added(all: Model, included: Model, file: string): Model {
  for (const name of included.services.keys())
    if (all.services.has(name))
      throw new Failure(
        `${basename(file)} and a file that it includes both have the service "${name}".`,
        "Compose also refuses this. Rename one of them, or use several files instead of include.",
      );
  return mergeModels(included, all);
}

function filled(leaf: Scalar, values: Variables): Scalar {
  if (typeof leaf.value !== "string" || !leaf.value.includes("$")) return leaf;
  try {
    const { text, variables } = interpolate(leaf.value, values);
    return { ...leaf, value: text, variables };
  } catch (error) {
    if (!(error instanceof WrongVariable)) throw error;
    const { file, line, path } = leaf.origin;
    throw new Failure(`${basename(file)}:${line}: ${path} ${error.message}.`, "Write $$ for a dollar sign.");
  }
}

const circular = (file: string, chain: readonly string[]): Failure =>
  new Failure(
    `${basename(file)} refers to itself: ${chain.map((one) => basename(one)).join(" → ")}.`,
    "Remove one of these references.",
  );
