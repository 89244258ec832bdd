import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file atomically: after a crash it has the old content or the new content. Only this user
 * can read it.
 */
export function writeAtomic(path: string, content: string | Uint8Array): void {
  makePrivateFolder(dirname(path));
  // The process id separates two writers.
  const unfinished = `${path}.${process.pid}.new`;
  try {
    const file = openSync(unfinished, "w", 0o600);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
  syncFolder(dirname(path));
}

/** Creates a folder that only this user can open. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/**
 * Makes new, renamed and removed names in a folder durable. The fsync of a file does not include
 * its name.
 */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
