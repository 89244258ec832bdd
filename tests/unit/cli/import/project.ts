import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { type ComposeProject, composeFiles, readCompose } from "../../../../cli/import/read.ts";
import type { Tree } from "../../../../cli/import/tree.ts";

/** Writes files into a new folder, which is removed after the test. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-import-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Reads the Compose project of some files. */
export function projectOf(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  given = ".",
): ComposeProject {
  return readCompose(composeFiles(given, folderWith(files)), environment);
}

/** A value without its positions. */
export function plain(tree: Tree | undefined): unknown {
  switch (tree?.kind) {
    case undefined:
      return undefined;
    case "scalar":
      return tree.value;
    case "sequence":
      return tree.items.map(plain);
    case "mapping":
      return Object.fromEntries([...tree.entries].map(([key, value]) => [key, plain(value)]));
  }
}

/** The keys of a service, as plain data. */
export const service = (project: ComposeProject, name: string): Record<string, unknown> =>
  plain(project.services.find((one) => one.name === name)?.tree) as Record<string, unknown>;
