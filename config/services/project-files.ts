import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { FileSpec } from "../spec/service.ts";

const root = resolve(import.meta.dirname, "../..");

/** A path of the user. @param path absolute, or relative to the project */
export const projectPath = (path: string): string => resolve(root, path);

/**
 * Makes paths of the project from paths in a folder. With them, a system outside of the checkout
 * names its own folders and files.
 * @param folder the folder of its file: `import.meta.dirname`
 * @example const here = pathsFrom(import.meta.dirname); here("api")
 */
export const pathsFrom =
  (folder: string) =>
  (path: string): string =>
    relative(root, join(folder, path));

/** Whether a folder has a file. @param folder absolute, or relative to the project */
export const hasFile = (folder: string, file = ""): boolean => existsSync(resolve(projectPath(folder), file));

/** A file of the project as a file of a container. @param source relative to the project */
export const projectFile = (source: string, path: string): FileSpec => ({
  path,
  content: readFileSync(join(root, source), "utf8"),
});
