import type { Folder } from "../../config/services/source/folder.ts";

/** A folder with these files, for tests that need none on the disk. */
export const folderWith = (files: Readonly<Record<string, string>>): Folder => ({
  has: (file) => Object.keys(files).some((path) => path === file || path.startsWith(`${file}/`)),
  read: (file) => files[file] ?? "",
  pythonFiles: () => Object.keys(files).filter((path) => path.endsWith(".py")),
});
