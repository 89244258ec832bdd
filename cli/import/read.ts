import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import { exampleOf, parseDotenv, valuesOf } from "./dotenv.ts";
import type { Variables } from "./interpolate.ts";
import { FileLoader, mergeModels, type Part } from "./load.ts";
import { merge, type Replaced, withoutResets } from "./merge.ts";
import {
  at,
  children,
  isTrue,
  type Mapping,
  mapping,
  mapScalars,
  scalar,
  type Tree,
  textOf,
  variablesOf,
} from "./tree.ts";

/** A service of a Compose project, with short forms turned into long ones. */
export interface ComposeService {
  readonly name: string;
  /** Its keys. `environment` includes the variables of its environment files. */
  readonly tree: Mapping;
  /** What other files, services and environment files replace. */
  readonly replaced: readonly Replaced[];
}

/** A top-level key of a Compose project other than `services`. */
export interface ComposeSection {
  readonly name: string;
  readonly tree: Tree;
  readonly replaced: readonly Replaced[];
}

/** A Compose project as plain data. Each value has its position in the user's files. */
export interface ComposeProject {
  readonly folder: string;
  /** The name that COMPOSE_PROJECT_NAME gives it. @default its key `name`, or the folder */
  readonly name?: string;
  /** All Compose and environment files that were read. */
  readonly files: readonly string[];
  readonly services: readonly ComposeService[];
  readonly sections: readonly ComposeSection[];
  /** The profiles that COMPOSE_PROFILES chooses. */
  readonly profiles: readonly string[];
  /** What Compose would warn about or refuse, such as a variable without a value. */
  readonly warnings: readonly string[];
}

/** The names that Compose looks for in a folder, and those of their overrides. */
const names = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"] as const;

/**
 * The files of a Compose project. A folder has one file, and perhaps an override. Several files are
 * separated as in the variable COMPOSE_FILE.
 * @throws Failure if there is none
 */
export function composeFiles(given: string, from: string): string[] {
  const paths = given.split(delimiter).map((one) => resolve(from, one));
  return paths.flatMap((path) => {
    if (!existsSync(path)) throw missing(path);
    return statSync(path).isDirectory() ? filesOf(path) : [path];
  });
}

function filesOf(folder: string): string[] {
  const name = names.find((one) => existsSync(join(folder, one)));
  if (!name) throw missing(join(folder, "compose.yaml"));
  const overrides = names.map((one) => join(folder, one.replace(/(\.ya?ml)$/, ".override$1")));
  return [join(folder, name), ...overrides.filter(existsSync).slice(0, 1)];
}

const missing = (path: string): Failure =>
  new Failure(
    `There is no file ${path}.`,
    "Name the Compose file or its folder, such as: ./ragdock import ../my-rag/docker-compose.yml",
  );

/**
 * Reads a Compose project as the Compose specification defines it: several files, `include`,
 * `extends`, variables, and environment files. Services of all profiles are read.
 * @param environment the variables that take precedence over those of `.env`
 * @throws Failure if a file does not exist or is wrong
 */
export function readCompose(files: readonly string[], environment: Variables): ComposeProject {
  const folder = dirname(files[0] ?? ".");
  const loader = new FileLoader(environment);
  const values = loader.variablesOf(folder);
  const [first, ...others] = files.map((file) => loader.load(file, folder, values));
  if (!first) throw missing(join(folder, "compose.yaml"));
  const model = others.reduce(mergeModels, first);
  const services = [...model.services].map(([name, part]) => finished(name, part, loader));
  const sections = [...model.sections].map(([name, part]) => ({
    name,
    tree: withoutResets(part.tree, part.replaced),
    replaced: part.replaced,
  }));
  return {
    folder,
    ...(values.COMPOSE_PROJECT_NAME ? { name: values.COMPOSE_PROJECT_NAME } : {}),
    files: [...loader.files],
    services,
    sections,
    // Without the variable, Compose chooses the profile without a name.
    profiles: (values.COMPOSE_PROFILES ?? "").split(",").map((profile) => profile.trim()),
    // Services that extend the same service repeat its warnings.
    warnings: [...new Set(loader.warnings), ...unset([...services, ...sections].map(({ tree }) => tree))],
  };
}

/** A service with the variables of its environment files. Its own `environment` takes precedence. */
function finished(name: string, part: Part, loader: FileLoader): ComposeService {
  const { replaced, values } = part;
  const tree = withoutResets(part.tree, replaced);
  if (tree.kind !== "mapping") return { name, tree: mapping([], tree.origin), replaced };
  const own = at(tree, "environment");
  // An environment file can use the variables of the service and of earlier files.
  let known = { ...(own?.kind === "mapping" ? valuesOf(own) : {}), ...values };
  const sources = children(at(tree, "env_file")).flatMap((entry) => {
    const file = environmentFile(entry, known, loader, replaced);
    if (file) known = { ...valuesOf(file), ...known };
    return file ?? [];
  });
  const [first, ...others] = own ? [...sources, own] : sources;
  if (!first) return { name, tree, replaced };
  const environment = others.reduce<Tree>((base, over) => merge(base, over, "environment", replaced), first);
  const filled = mapping(
    environment.kind === "mapping"
      ? [...environment.entries].map(([key, value]) => [key, fromShell(key, value, values)] as const)
      : [],
    environment.origin,
  );
  return { name, tree: { ...tree, entries: new Map(tree.entries).set("environment", filled) }, replaced };
}

/** A variable without a value gets the value of the shell or of `.env`. */
function fromShell(name: string, value: Tree, values: Variables): Tree {
  return mapScalars(value, (leaf) => {
    if (leaf.value !== null) return leaf;
    const given = values[name];
    const variables = [{ name, set: given !== undefined, text: given ?? "", fallback: "" }];
    return { ...scalar(given ?? null, leaf.origin), variables };
  });
}

function environmentFile(
  entry: Tree,
  values: Variables,
  loader: FileLoader,
  replaced: Replaced[],
): Mapping | undefined {
  const path = textOf(at(entry, "path"));
  if (path === undefined) return undefined;
  const required = at(entry, "required");
  const isRequired = !required || isTrue(required);
  const file = existsSync(path) || !isRequired ? path : (exampleOf(path) ?? path);
  if (!existsSync(file)) {
    if (isRequired)
      loader.warnings.push(
        `${entry.origin.path}: ${path} does not exist. So its variables are missing in the report. Create it, or copy it from the example that the application has.`,
      );
    return undefined;
  }
  if (file !== path)
    loader.warnings.push(
      `${entry.origin.path}: ${path} does not exist. The report uses the variables of ${basename(file)} instead.`,
    );
  loader.files.add(file);
  const raw = textOf(at(entry, "format")) === "raw";
  return parseDotenv(readFileSync(file, "utf8"), file, values, { raw, replaced });
}

/** Lists each variable without a value once. */
function unset(trees: readonly Tree[]): string[] {
  const uses = trees.flatMap(variablesOf).filter(({ set, fallback }) => !set && fallback === undefined);
  return [...Map.groupBy(uses, ({ name }) => name)].map(([name, all]) => {
    const message = all.find(({ required }) => required !== undefined)?.required;
    return message === undefined
      ? `The variable ${name} has no value. Compose uses an empty value. Set it in .env.`
      : `The variable ${name} must have a value${message ? `: ${message}` : ""}. Set it in .env.`;
  });
}
