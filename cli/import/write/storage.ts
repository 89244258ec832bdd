import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, relative } from "node:path";
import { projectDir } from "../../../host/paths.ts";
import { isActive } from "../profiles.ts";
import type { ComposeService } from "../read.ts";
import { at, children, entriesOf, isTrue, type Tree, textOf } from "../tree.ts";
import { renamed } from "../variables.ts";
import type { World } from "../world.ts";
import { stackWord } from "./names.ts";
import { programOf } from "./programs.ts";
import type { Todo } from "./todo.ts";

/** A folder of an application whose files stay. */
export interface VolumeSetting {
  readonly name: string;
  readonly path: string;
  readonly shared?: true;
}

/** Data that exists already, and the volume of the stack that takes a copy. */
export interface Existing {
  readonly service: string;
  /** The name of a volume in the Compose file, or the path of a folder. */
  readonly from: string;
  readonly isFolder: boolean;
  readonly volume: string;
}

/** What an application gets to store and to read. */
export interface Storage {
  readonly volumes: readonly VolumeSetting[];
  readonly mounts: readonly { source: string; target: string; readOnly?: false }[];
  readonly files: readonly { path: string; content: string }[];
  readonly writable: Readonly<Record<string, string>>;
  readonly existing: readonly Existing[];
  readonly todos: readonly Todo[];
}

/** The size of a folder in memory whose size the file does not say. */
const memorySize = "64MiB";

/** Files above this size are not copied into the settings. */
const largestFile = 128 * 1024;

/** Plans the volumes, mounts and files of a service. */
export function storageOf(service: ComposeService, world: World): Storage {
  const plan = new StoragePlan(service, world);
  for (const volume of children(at(service.tree, "volumes"))) plan.volume(volume);
  for (const target of children(at(service.tree, "tmpfs"))) plan.memory(textOf(target) ?? "");
  for (const kind of ["configs", "secrets"] as const)
    for (const entry of children(at(service.tree, kind))) plan.declared(kind, entry);
  plan.ofProgram();
  return plan;
}

class StoragePlan implements Storage {
  readonly volumes: VolumeSetting[] = [];
  readonly mounts: { source: string; target: string; readOnly?: false }[] = [];
  readonly files: { path: string; content: string }[] = [];
  readonly writable: Record<string, string> = {};
  readonly existing: Existing[] = [];
  readonly todos: Todo[] = [];
  readonly #service: ComposeService;
  readonly #world: World;

  constructor(service: ComposeService, world: World) {
    this.#service = service;
    this.#world = world;
  }

  volume(tree: Tree): void {
    const [type, source, target = ""] = ["type", "source", "target"].map((key) => textOf(at(tree, key)));
    if (!target.startsWith("/")) return;
    if (type === "tmpfs") this.memory(target, textOf(at(tree, "tmpfs", "size")));
    if (type === "volume") this.#keep(source, target);
    if (type !== "bind" || source === undefined || /docker\.sock$/.test(source)) return;
    if (existsSync(source) && !statSync(source).isDirectory()) this.#file(source, target);
    else if (!existsSync(source) && /\.[a-z]{2,5}$/i.test(basename(target)))
      this.#todo(`${source} does not exist. Create it, and run the import again.`);
    else this.#folder(source, target, isTrue(at(tree, "read_only")));
  }

  memory(target: string, size?: string): void {
    const [path = "", options = ""] = target.split(":");
    const given = size ?? /size=(\w+)/.exec(options)?.[1];
    if (path.startsWith("/")) this.writable[path] = (given && asSize(given)) ?? memorySize;
  }

  /** A secret or a config of the project. */
  declared(kind: "configs" | "secrets", entry: Tree): void {
    const name = textOf(at(entry, "source")) ?? "";
    const given = textOf(at(entry, "target")) ?? name;
    const folder = kind === "secrets" ? "/run/secrets" : "";
    const path = given.startsWith("/") ? given : `${folder}/${given}`;
    const section = this.#world.project.sections.find((one) => one.name === kind);
    const file = textOf(at(section?.tree, name, "file"));
    const content = textOf(at(section?.tree, name, "content"));
    if (kind === "secrets")
      this.#todo(
        `The secret ${name} is a file at ${path}. Add a variable for it under secrets of the application.`,
      );
    else if (content !== undefined) this.files.push({ path, content });
    else if (file !== undefined && existsSync(file)) this.#file(file, path);
    else
      this.#todo(
        `The content of the config ${name} is not known. Write it into services.${this.#name}.files.`,
      );
  }

  /** The volumes of a well-known program that the file does not keep. */
  ofProgram(): void {
    const kind = this.#world.kinds.get(this.#service.name);
    const known = kind?.kind === "foreign" ? (programOf(kind.name).data ?? []) : [];
    const others = [...this.mounts.map(({ target }) => target), ...Object.keys(this.writable)];
    const kept = [...this.volumes, ...others.map((path) => ({ path }))];
    const isKept = (path: string): boolean =>
      kept.some(
        (one) => path === one.path || path.startsWith(`${one.path}/`) || one.path.startsWith(`${path}/`),
      );
    const [first, ...further] = known;
    // If the file has a volume, the program may keep its data there instead of in its first folder.
    const missing = this.volumes.length > 0 ? [] : first ? [first] : [];
    for (const path of [...missing, ...further]) if (!isKept(path)) this.#keep(undefined, path);
  }

  get #name(): string {
    return this.#world.names.services.get(this.#service.name) ?? this.#service.name;
  }

  #keep(source: string | undefined, path: string): void {
    if (this.volumes.some((one) => one.path === path)) return;
    const name = source === undefined ? this.#volumeName(`${this.#name}-${path}`) : this.#volumeName(source);
    const users = source === undefined ? [] : usersOf(source, this.#world);
    this.volumes.push({ name, path, ...(users.length > 1 ? { shared: true as const } : {}) });
    if (source !== undefined)
      this.existing.push({ service: this.#name, from: source, isFolder: false, volume: name });
  }

  #folder(source: string, path: string, readOnly: boolean): void {
    if (isMounted(source, readOnly, this.#service)) {
      this.mounts.push({
        source: relative(projectDir, source) || ".",
        target: path,
        ...(readOnly ? {} : { readOnly: false as const }),
      });
      return;
    }
    if (this.volumes.some((one) => one.path === path)) return;
    const below = relative(this.#world.project.folder, source).replace(/^[./]+/, "");
    const users = usersOf(source, this.#world);
    const shared = users.length > 1;
    const volume = this.#volumeName(shared ? below : `${this.#name}-${below}`);
    this.volumes.push({ name: volume, path, ...(shared ? { shared: true as const } : {}) });
    this.existing.push({ service: this.#name, from: source, isFolder: true, volume });
  }

  #file(source: string, path: string): void {
    const content = readFileSync(source);
    if (content.length > largestFile || content.includes(0))
      this.#todo(
        `${source} is too large for the settings, or not text. Copy it into the image in the Dockerfile.`,
      );
    else if (/^\.env(\.|$)/.test(basename(source)))
      this.#todo(
        `${path} is a file with variables, which may be secrets. Write it into services.${this.#name}.files, with {{secret:NAME}} for each secret.`,
      );
    else this.files.push({ path, content: renamed("", content.toString("utf8"), this.#world) });
  }

  /** The name of a volume that no store of the stack has. */
  #volumeName(text: string): string {
    const name = stackWord(text, 30, "data");
    const taken = this.#world.names.system.some((one) => one.volumes.some(({ volume }) => volume === name));
    return taken ? stackWord(`my-${name}`, 30, "data") : name;
  }

  #todo(text: string): void {
    this.todos.push({ service: this.#name, text });
  }
}

/** The services that use a volume or a folder, except those that do not run. */
const usersOf = (source: string, world: World): ComposeService[] =>
  world.project.services.filter(
    (service) =>
      world.fates.get(service.name)?.is === "application" &&
      isActive(service, world) &&
      children(at(service.tree, "volumes")).some((one) => textOf(at(one, "source")) === source),
  );

/** Whether a folder stays on the host, because it is read-only or has the source of the service. */
export const isMounted = (
  source: string,
  readOnly: boolean,
  service: Pick<ComposeService, "tree">,
): boolean => readOnly || isSourceCode(source, service);

/** Whether a folder has the source of a service that is built, and not its data. */
function isSourceCode(source: string, { tree }: Pick<ComposeService, "tree">): boolean {
  const context = textOf(at(tree, "build", "context"));
  if (!context || !existsSync(source)) return false;
  const inside = relative(context, source);
  if (inside.startsWith("..")) return false;
  return !/(^|\/)(data|storage|volumes?|uploads?|db|cache|logs?|models?)(\/|$)/i.test(inside);
}

/** A size of Compose, such as `512m`, as one of the settings. */
export function asSize(text: string): string | undefined {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)i?b?$/i.exec(text.trim()) ?? [];
  if (!amount) return undefined;
  const bytes = Number(amount) * 1024 ** "bkmgt".indexOf(unit.toLowerCase() || "b");
  const mebibytes = Math.ceil(bytes / 1024 ** 2);
  if (mebibytes <= 0) return undefined;
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}GiB` : `${mebibytes}MiB`;
}

/** The keys of a mapping that the settings have in the same form. */
export const plainEntries = (tree: Tree | undefined): Record<string, string> =>
  Object.fromEntries(
    entriesOf(tree).flatMap(([key, value]) => {
      const text = textOf(value);
      return text === undefined ? [] : [[key, text]];
    }),
  );
