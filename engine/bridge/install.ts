import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGES, packageVersion } from "../terraform/packages.ts";

/**
 * Installs resource plugins for the pulumi CLI on a machine that cannot download plugins. They run
 * this checkout with the current Node. A plugin that Pulumi has downloaded is not changed in place.
 * @param home the CLI's folder: $PULUMI_HOME, or else ~/.pulumi
 * @returns the paths of the executables, and whether Ragdock wrote each of them
 */
export function installPlugins(home: string): { readonly path: string; readonly installed: boolean }[] {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  return Object.keys(PACKAGES).map((name) => {
    // The CLI looks for <home>/plugins/resource-<name>-v<version>/pulumi-resource-<name>, unless
    // PATH has the plugin.
    const folder = join(home, "plugins", `resource-${name}-v${packageVersion(name)}`);
    const path = join(folder, `pulumi-resource-${name}`);
    if (existsSync(path) && !readFileSync(path).includes(mark)) return { path, installed: false };
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${mark}\nexec ${[process.execPath, main, name].map(quoted).join(" ")}\n`);
    chmodSync(path, 0o755);
    return { path, installed: true };
  });
}

/** This line identifies the executables that Ragdock wrote. */
const mark = "# Runs the embedded engine's provider. Written by `ragdock plugins`.";

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
