import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FileSpec } from "../spec/service.ts";

const root = resolve(import.meta.dirname, "../..");

/** Marks the place of a secret in a file's content. */
export const secret = (name: string): string => `{{secret:${name}}}`;

/** A file that holds one secret and nothing else. */
export const secretFile = (name: string): FileSpec => ({
  path: `/run/secrets/${name}`,
  content: secret(name),
});

/** Whether a folder has a file. @param folder absolute, or relative to the project */
export const hasFile = (folder: string, file = ""): boolean => existsSync(resolve(root, folder, file));

/** A file of the project as a file of a container. @param source relative to the project */
export function projectFile(source: string, path: string): FileSpec {
  return { path, content: readFileSync(join(root, source), "utf8") };
}
