import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGES, packageVersion } from "../terraform/packages.ts";

/**
 * Writes resource plugins for the pulumi CLI, for machines that have the CLI but cannot download plugins. They run this
 * checkout with the Node that runs now. A plugin that Pulumi has downloaded stays.
 * @param home the CLI's own folder: $PULUMI_HOME, else ~/.pulumi
 * @returns the paths of the executables, and whether each is one of ours
 */
export function installPlugins(home: string): { readonly path: string; readonly installed: boolean }[] {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  return Object.keys(PACKAGES).map((name) => {
    // The CLI looks for <home>/plugins/resource-<name>-v<version>/pulumi-resource-<name>, unless one is on PATH.
    const folder = join(home, "plugins", `resource-${name}-v${packageVersion(name)}`);
    const path = join(folder, `pulumi-resource-${name}`);
    if (existsSync(path) && !readFileSync(path).includes(mark)) return { path, installed: false };
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${mark}\nexec ${[process.execPath, main, name].map(quoted).join(" ")}\n`);
    chmodSync(path, 0o755);
    return { path, installed: true };
  });
}

/** A line of our executables, by which they are known. */
const mark = "# Runs the embedded engine's provider. Written by `ragdock plugins`.";

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
