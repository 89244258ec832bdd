import { filesLabel, revisionLabel } from "../config/spec/stack.ts";
import { type Container, docker, serviceOf } from "./docker.ts";

/** Files that an application has written into its container. They are lost when it is replaced. */
export interface WrittenFiles {
  readonly service: string;
  /** The revision of the container. Undefined for a container of an earlier version of Ragdock. */
  readonly revision: string | undefined;
  /** When the container was created. */
  readonly created: string;
  /** Folders with such files, and one file of each. */
  readonly folders: readonly { readonly path: string; readonly example: string }[];
}

/** Folders and files that programs create again. */
const caches = [
  /^\/(tmp|var\/tmp|run|var\/run|proc|sys|dev)(\/|$)/,
  /^\/etc\/(hosts|hostname|resolv\.conf|mtab)$/,
  // Docker mounts its init at this path.
  /^(\/usr)?\/sbin\/docker-init$/,
  /\/(__pycache__|\.cache|\.npm|\.streamlit)(\/|$)/,
  /\.(pyc|pid|sock)$/,
];

/** The largest number of files that are checked. One file is enough to report a folder. */
const most = 500;

/** Prints those of its arguments that are files. `docker diff` also lists a folder as changed. */
const onlyFiles = `for path; do [ -f "$path" ] && printf '%s\\n' "$path"; done; :`;

/**
 * Returns what applications have written outside of their volumes.
 * @param applications names of their services
 * @param containers those of the stack
 */
export async function writtenFiles(
  applications: ReadonlySet<string>,
  containers: readonly Container[],
): Promise<WrittenFiles[]> {
  const found = containers
    .filter((one) => one.State.Status === "running" && applications.has(serviceOf(one)))
    .map(async (one): Promise<WrittenFiles> => {
      const labels = one.Config.Labels;
      const uploaded = JSON.parse(labels[filesLabel] ?? "[]") as string[];
      // Docker creates an empty file or folder at each mount point.
      const given = [...uploaded, ...one.Mounts.map(({ Destination }) => Destination)];
      const paths = writtenPaths(await docker("diff", one.Id).catch(() => ""), given).slice(0, most);
      const files = paths.length > 0 ? await filesAmong(one.Id, paths) : [];
      return {
        service: serviceOf(one),
        revision: labels[revisionLabel],
        created: one.Created,
        folders: foldersOf(files),
      };
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

/** If the image has no shell, its files are unknown. */
const filesAmong = async (id: string, paths: readonly string[]): Promise<string[]> =>
  (await docker("exec", id, "sh", "-c", onlyFiles, "sh", ...paths).catch(() => ""))
    .split("\n")
    .filter(Boolean);

/** The folders of files. Omits folders inside another one of them. */
export function foldersOf(files: readonly string[]): { path: string; example: string }[] {
  const byFolder = new Map(files.map((file) => [file.slice(0, file.lastIndexOf("/")) || "/", file]));
  const paths = [...byFolder.keys()].sort();
  return paths
    .filter((path) => !paths.some((other) => path.startsWith(`${other}/`)))
    .map((path) => ({ path, example: byFolder.get(path) ?? "" }));
}
