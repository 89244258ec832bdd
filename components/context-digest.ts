import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import dockerignore from "@balena/dockerignore";

/**
 * A digest of what a build sees: its Dockerfile, its arguments and every file of its context that
 * is not ignored, by name, access and content. 12 hex digits. Times, owner and group do not count,
 * because they differ in a fresh clone.
 */
export function contextDigest(
  context: string,
  dockerfile: string,
  buildArgs: Readonly<Record<string, string>>,
): string {
  const hash = createHash("sha256");
  const add = (...parts: (string | Buffer)[]): void => {
    for (const part of parts) hash.update(`${part.length}:`).update(part);
  };
  add(readFileSync(dockerfile), JSON.stringify(Object.entries(buildArgs).sort()));
  for (const { file, isLink } of filesOf(context, dockerfile)) {
    const full = join(context, file);
    const mode = statSync(full, { throwIfNoEntry: false })?.mode ?? 0o444;
    // The access counts, because a service cannot read a file that only its owner can read.
    const access = `${mode & 0o111 ? "x" : "-"}${mode & 0o004 ? "" : "private"}`;
    add(file, access, isLink ? readlinkSync(full) : readFileSync(full));
  }
  return hash.digest("hex").slice(0, 12);
}

/** The files of a context that a build reads, sorted. */
function filesOf(context: string, dockerfile: string) {
  const own = `${dockerfile}.dockerignore`;
  const ignoreFile = existsSync(own) ? own : join(context, ".dockerignore");
  // The package has types for an ES module but is CommonJS: `default` exists in both.
  const filter = dockerignore.default();
  if (existsSync(ignoreFile)) filter.add(readFileSync(ignoreFile, "utf8"));
  return readdirSync(context, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({
      file: relative(context, join(entry.parentPath, entry.name)),
      isLink: entry.isSymbolicLink(),
    }))
    .filter(({ file }) => !filter.ignores(file))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}
