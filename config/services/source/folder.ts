import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The parts of an application's folder that decide how it is built. */
export interface Folder {
  /** @param file a path in the folder */
  readonly has: (file: string) => boolean;
  /** The text of a file. "" if there is none. */
  readonly read: (file: string) => string;
  /** The paths of its Python files, those near the top first. */
  readonly pythonFiles: () => string[];
}

/** Folders below the application in which its entry point may be. */
const depth = 3;

/** Folders with programs that do not start the application. */
const others =
  /^(\..*|.*\.egg-info|__pycache__|alembic|build|dist|docs?|env|examples?|migrations|node_modules|notebooks?|pages|scripts|site-packages|static|templates|tests?|venv)$/;

/** The folder at an absolute path. */
export const folderAt = (root: string): Folder => ({
  has: (file) => existsSync(join(root, file)),
  read: (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : ""),
  pythonFiles: () => below(root, "", depth),
});

function below(root: string, path: string, levels: number): string[] {
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".py"));
  const folders =
    levels > 0 ? entries.filter((entry) => entry.isDirectory() && !others.test(entry.name)) : [];
  return [
    ...files.map(({ name }) => join(path, name)).sort(),
    ...folders
      .map(({ name }) => join(path, name))
      .sort()
      .flatMap((folder) => below(root, folder, levels - 1)),
  ];
}
