import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FileSpec } from "../spec/service.ts";

const root = resolve(import.meta.dirname, "../..");

/** A path of the user. @param path absolute, or relative to the project */
export const projectPath = (path: string): string => resolve(root, path);

/** Whether a folder has a file. @param folder absolute, or relative to the project */
export const hasFile = (folder: string, file = ""): boolean => existsSync(resolve(projectPath(folder), file));

/** A file of the project as a file of a container. @param source relative to the project */
export const projectFile = (source: string, path: string): FileSpec => ({
  path,
  content: readFileSync(join(root, source), "utf8"),
});
