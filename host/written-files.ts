import { longRunning, type SystemSpec } from "../config/spec/service.ts";
import { filesLabel } from "../config/spec/stack.ts";
import { type Container, docker, serviceOf } from "./docker.ts";

/** Files that an application has written into its container. They are lost when it is replaced. */
export interface WrittenFiles {
  readonly service: string;
  /** The name of the container's resource: that of the container without its suffix. */
  readonly resource: string;
  /** Folders with such files, and one file of each. */
  readonly folders: readonly { readonly path: string; readonly example: string }[];
}

/** Folders and files that programs make again. */
const caches = [
  /^\/(tmp|var\/tmp|run|var\/run|proc|sys|dev)(\/|$)/,
  /^\/etc\/(hosts|hostname|resolv\.conf|mtab)$/,
  /\/(__pycache__|\.cache|\.npm|\.streamlit)(\/|$)/,
  /\.(pyc|pid|sock)$/,
];

/** More than these are not looked at. One is enough to report a folder. */
const most = 500;

/** Prints those of its arguments that are files. A folder counts as changed, too. */
const onlyFiles = `for path; do [ -f "$path" ] && printf '%s\\n' "$path"; done; :`;

/**
 * Returns what own applications have written outside of their volumes. Applications with
 * `ephemeral: true` are left out.
 * @param containers those of the stack
 */
export async function writtenFiles(
  { services }: SystemSpec,
  containers: readonly Container[],
): Promise<WrittenFiles[]> {
  const watched = longRunning(services).filter(({ ownPages, ephemeral }) => ownPages && !ephemeral);
  const found = containers
    .filter((one) => one.State.Status === "running" && watched.some(({ name }) => name === serviceOf(one)))
    .map(async (one): Promise<WrittenFiles> => {
      const uploaded = JSON.parse(one.Config.Labels[filesLabel] ?? "[]") as string[];
      // Docker creates what it mounts over: for a file, an empty one.
      const given = [...uploaded, ...one.Mounts.map(({ Destination }) => Destination)];
      const paths = writtenPaths(await docker("diff", one.Id).catch(() => ""), given).slice(0, most);
      const files = paths.length > 0 ? await filesAmong(one.Id, paths) : [];
      const resource = one.Name.replace(/^\//, "").replace(/-[0-9a-f]{7}$/, "");
      return { service: serviceOf(one), resource, folders: foldersOf(files) };
    });
  return (await Promise.all(found)).filter(({ folders }) => folders.length > 0);
}

/**
 * The paths in the output of `docker diff` that may be files that an application has written. A
 * path above another one is a folder.
 * @param given the files of the settings, and where something is mounted
 */
export function writtenPaths(diff: string, given: readonly string[] = []): string[] {
  const all = diff.split("\n").flatMap((line) => /^[AC] (\/.*)$/.exec(line)?.[1] ?? []);
  const above = new Set(all.map((path) => path.slice(0, path.lastIndexOf("/"))));
  const isCache = (path: string): boolean => caches.some((cache) => cache.test(path));
  return all.filter((path) => !above.has(path) && !given.includes(path) && !isCache(path));
}

/** An image without a shell says nothing about its files. */
const filesAmong = async (id: string, paths: readonly string[]): Promise<string[]> =>
  (await docker("exec", id, "sh", "-c", onlyFiles, "sh", ...paths).catch(() => ""))
    .split("\n")
    .filter(Boolean);

/** The folders of files. A folder in another one of them is left out. */
export function foldersOf(files: readonly string[]): { path: string; example: string }[] {
  const byFolder = new Map(files.map((file) => [file.slice(0, file.lastIndexOf("/")) || "/", file]));
  const paths = [...byFolder.keys()].sort();
  return paths
    .filter((path) => !paths.some((other) => path.startsWith(`${other}/`)))
    .map((path) => ({ path, example: byFolder.get(path) ?? "" }));
}
