import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { Failure } from "../../config/spec/failure.ts";
import { projectDir } from "../../host/paths.ts";
import { type Description, nothing } from "./description.ts";

/** Runs `work` on a clean checkout of a revision, with the packages of this one. */
export async function withRevision<T>(revision: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = emptyFolder();
  const git = (...args: string[]) => execa("git", args, { cwd: projectDir, reject: false });
  const added = await git("worktree", "add", "--detach", "--force", folder, revision);
  try {
    if (added.exitCode !== 0)
      throw new Failure(
        `git has no revision "${revision}".`,
        "Fetch it (git fetch origin), or name another one: ./ragdock plan --base origin/main",
      );
    symlinkSync(join(projectDir, "node_modules"), join(folder, "node_modules"));
    return await work(folder);
  } finally {
    await git("worktree", "remove", "--force", folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A folder next to the checkout, so that relative paths in a stack's file name the same files. They
 * can name a system or an application outside of the checkout. Another folder is used if the parent
 * folder is read-only.
 */
function emptyFolder(): string {
  try {
    return mkdtempSync(join(dirname(projectDir), ".ragdock-plan-"));
  } catch {
    return mkdtempSync(join(tmpdir(), "ragdock-plan-"));
  }
}

/** Whether two checkouts need the same packages. */
export const samePackages = (folder: string): boolean =>
  readFileSync(join(folder, "package-lock.json"), "utf8") ===
  readFileSync(join(projectDir, "package-lock.json"), "utf8");

/** Describes a stack of a checkout, with that checkout's own code. */
export async function describedBy(folder: string, stack: string, file?: string): Promise<Description> {
  const given = file === undefined ? [] : ["--config-file", file];
  if (file === undefined && !existsSync(join(folder, `Pulumi.${stack}.yaml`))) return nothing;
  const args = ["cli/main.ts", ...given, "plan", "--describe", "--stack", stack];
  const { exitCode, stdout, stderr } = await execa(process.execPath, args, { cwd: folder, reject: false });
  if (exitCode === 0) return JSON.parse(stdout) as Description;
  throw new Failure(
    `The revision in ${folder === projectDir ? "this checkout" : "the base"} cannot describe the stack "${stack}".`,
    stderr.includes("unknown command")
      ? "It is older than the command plan."
      : stderr.trim() || stdout.trim(),
  );
}
