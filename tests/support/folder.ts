import { type Folder, folderAt } from "../../config/services/source/folder.ts";
import { recognise } from "../../config/services/source/recognise.ts";
import type { Recognised, Request } from "../../config/services/source/recognised.ts";
import { isRefusal, type Refusal } from "../../config/services/source/refusal.ts";

/** The texts of files by path. */
export type Files = Readonly<Record<string, string>>;

/** A folder with these files, for tests that need no files on the disk. */
export const folderWith = (files: Files): Folder => ({
  has: (file) => Object.keys(files).some((path) => path === file || path.startsWith(`${file}/`)),
  read: (file) => files[file] ?? "",
  pythonFiles: () => Object.keys(files).filter((path) => path.endsWith(".py")),
});

/**
 * What is recognised in a folder of the project, or in these files.
 * @throws Error if nothing is recognised
 */
export function recognised(files: Files | string, request: Partial<Request> = {}): Recognised {
  const folder = typeof files === "string" ? folderAt(files) : folderWith(files);
  const result = recognise(folder, { isServed: true, ...request });
  if (isRefusal(result)) throw new Error(`${result.found}: ${result.why}`);
  return result;
}

/** Why these files are refused. @throws Error if they are not refused */
export function refused(files: Files, request: Partial<Request> = {}): Refusal {
  const result = recognise(folderWith(files), { isServed: true, ...request });
  if (!isRefusal(result)) throw new Error(result.says);
  return result;
}
