import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGES, packageVersion } from "../terraform/packages.ts";

/**
 * Writes resource plugins for the pulumi CLI, for machines that have the CLI but cannot download plugins. They run this
 * checkout with the Node that runs now.
 * @param home the CLI's own folder: $PULUMI_HOME, else ~/.pulumi
 * @returns the paths of the executables
 */
export function installPlugins(home: string): string[] {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  return Object.keys(PACKAGES).map((name) => {
    // The CLI looks for <home>/plugins/resource-<name>-v<version>/pulumi-resource-<name>, unless one is on PATH.
    const folder = join(home, "plugins", `resource-${name}-v${packageVersion(name)}`);
    const path = join(folder, `pulumi-resource-${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, `#!/bin/sh\nexec ${[process.execPath, main, name].map(quoted).join(" ")}\n`);
    chmodSync(path, 0o755);
    return path;
  });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
