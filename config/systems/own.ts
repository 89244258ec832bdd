import { statSync } from "node:fs";
import type { ServiceTemplate } from "../services/module.ts";
import { projectPath } from "../services/project-files.ts";
import { setCommand } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import { packageFile, type Read, readModule } from "./modules.ts";
import { wrongService, wrongSystem } from "./own-shape.ts";
import type { OwnSystem } from "./system.ts";

/** A system from outside of Ragdock, or the reason why it cannot be used. */
export type Loaded = { readonly system: OwnSystem; readonly digest: string } | { readonly problem: Problem };

const loaded = new Map<string, Loaded>();

/**
 * Loads the system that a file or a package exports.
 * @param value a path, relative to the project or absolute, or the name of a package
 * @param taken the names of Ragdock's own systems
 * @returns undefined if the value is neither a path nor the name of an installed package
 */
export function loadSystem(value: string, taken: readonly string[]): Loaded | undefined {
  const file = isPath(value) ? projectPath(value) : packageFile(value);
  if (file === undefined) return isScoped(value) ? { problem: notInstalled(value) } : undefined;
  const known = loaded.get(file) ?? load(value, file, taken);
  loaded.set(file, known);
  return known;
}

/** Whether a value of `ragdock:system` names a file and not a package or one of Ragdock's systems. */
const isPath = (value: string): boolean => /^[./]/.test(value) || /\.m?[jt]s$/.test(value);

const isScoped = (value: string): boolean => value.startsWith("@");

function load(value: string, file: string, taken: readonly string[]): Loaded {
  const wrong = (what: string, fix: string): Loaded => ({
    problem: problem("system", `"${value}"`, what, fix),
  });
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    return wrong(
      `there is no file ${file}`,
      `Correct the path. The path is relative to the checkout: ${setCommand("system", "../my-system.ts")}`,
    );
  let read: Read;
  try {
    read = readModule(file);
  } catch (error) {
    return wrong(`it cannot be loaded: ${said(error, file)}`, loadFix(error));
  }
  const system = read.exported.default ?? read.exported.system;
  if (system === undefined)
    return wrong(`it exports no system (${exportsOf(read)})`, "Add this line to it: export default system;");
  const mistake = wrongSystem(system);
  if (mistake)
    return wrong(`its system has a mistake: ${mistake}`, "Compare it with examples/own-system/system.ts.");
  const own = system as OwnSystem;
  if (taken.includes(own.name))
    return wrong(
      `its system has the name "${own.name}", which is one of Ragdock's own`,
      `Give it another name, such as: name: "my-${own.name}"`,
    );
  return { system: own, digest: read.digest };
}

const exportsOf = ({ exported }: Read): string => {
  const names = Object.keys(exported).filter((name) => name !== "__esModule");
  return names.length > 0 ? `only ${names.join(", ")}` : "it exports nothing";
};

/** The reason of an error, and the line of the file from which it comes. */
function said(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error);
  const [reason = ""] = error.message.split("\n");
  const [, after = ""] = error.stack?.split(`${file}:`) ?? [];
  const line = /^\d+/.exec(after)?.[0];
  return line ? `${reason} (${file}:${line})` : reason;
}

/** What to do about a file that cannot be loaded. */
function loadFix(error: unknown): string {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return "Node does not run TypeScript in a package. Compile it to JavaScript, or name its file by a path outside of node_modules.";
    case "ERR_REQUIRE_ASYNC_MODULE":
      return "Ragdock loads a system without waiting for promises. Remove each `await` that is outside of a function.";
    case "ERR_MODULE_NOT_FOUND":
    case "MODULE_NOT_FOUND":
      return 'Correct the import. Import Ragdock as "ragdock/system", and a file with its extension, such as "./api.ts".';
    case "ERR_PACKAGE_PATH_NOT_EXPORTED":
      return 'Ragdock exports "ragdock/system" and "ragdock/testing".';
    default:
      return "Correct the file. `tsc --noEmit` shows all of its mistakes: docs/guide/own-system.md has the tsconfig.json.";
  }
}

const notInstalled = (name: string): Problem =>
  problem(
    "system",
    `"${name}"`,
    "no package of this name is installed in the checkout or in a folder above it",
    `Install it next to the checkout: npm install --prefix .. ${name}`,
  );

/** @throws Error for the first value that is not a service */
export function requireServices(templates: readonly ServiceTemplate[]): void {
  for (const template of templates) {
    const mistake = wrongService(template);
    if (mistake) throw new Error(mistake);
  }
}

/**
 * Reports names that two services of a system have, such as that of a service which Ragdock adds.
 * Docker would send requests to either of them.
 * @param elsewhere names whose problems are reported already
 */
export function sharedNames(
  value: string,
  services: readonly ServiceTemplate[],
  elsewhere: readonly string[],
): Problem[] {
  const names = services.map(({ name }) => name);
  const shared = new Set(names.filter((name, index) => names.indexOf(name) < index));
  return [...shared]
    .filter((name) => !elsewhere.includes(name))
    .map((name) => {
      const why = `two services have the name "${name}": its own, or one that Ragdock adds`;
      return problem(
        "system",
        `"${value}"`,
        why,
        `Give its service another name, such as: name: "my-${name}"`,
      );
    });
}

/** The problem of a system whose modules fail, or return something else than services. */
export const failingSystem = (value: string, error: unknown): Problem =>
  problem(
    "system",
    `"${value}"`,
    `its services cannot be described: ${said(error, isPath(value) ? projectPath(value) : value)}`,
    "Correct the file. `tsc --noEmit` shows all of its mistakes: docs/guide/own-system.md has the tsconfig.json.",
  );
