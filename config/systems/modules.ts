import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A module, and a digest of its file and of the files that it imports, without packages. */
export interface Read {
  readonly exported: Readonly<Record<string, unknown>>;
  readonly digest: string;
}

const require = createRequire(import.meta.url);
let provided = false;
/** The URLs of the files of the module that is being read. */
let files = new Set<string>();

/**
 * Lets files in any folder import this Ragdock as `ragdock/system`. Without it, each of them would
 * need a `node_modules/ragdock` above it, which could be another version.
 */
export function provideRagdock(): void {
  if (provided) return;
  provided = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (/^ragdock(\/|$)/.test(specifier))
        return next(specifier, { ...context, parentURL: import.meta.url });
      const resolved = next(specifier, context);
      if (files.has(context.parentURL ?? "") && isSource(resolved.url)) files.add(resolved.url);
      return resolved;
    },
  });
}

const isSource = (url: string): boolean => url.startsWith("file:") && !url.includes("/node_modules/");

/** Reads a module that is outside of Ragdock. @param file its absolute path */
export function readModule(file: string): Read {
  provideRagdock();
  files = new Set([pathToFileURL(file).href]);
  const exported = require(file) as Read["exported"];
  const hash = createHash("sha256");
  for (const url of [...files].sort()) hash.update(readFileSync(fileURLToPath(url))).update("\0");
  return { exported, digest: hash.digest("hex").slice(0, 12) };
}

/** The file of an installed package, as the checkout finds it. Undefined if there is none. */
export function packageFile(name: string): string | undefined {
  try {
    return fileURLToPath(import.meta.resolve(name));
  } catch {
    return undefined;
  }
}
