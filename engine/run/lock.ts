import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { makePrivateFolder, writeAtomic } from "./atomic.ts";

interface Holder {
  readonly pid: number;
  /**
   * The start of the process, in clock ticks since boot. It distinguishes the process from a later
   * one with the same pid.
   */
  readonly begun: string;
  readonly since: string;
  /** Provider processes. These processes survive a killed engine and would continue their work. */
  readonly providers: readonly number[];
  /** Identifies this acquisition of the lock. Locks of earlier versions do not have this field. */
  readonly token?: string;
}

/** The lock of one stack. Only the process that holds it may change the stack. */
export class Lock {
  readonly #path: string;
  #holder: Holder;

  private constructor(path: string, holder: Holder) {
    this.#path = path;
    this.#holder = holder;
  }

  /**
   * Takes the lock. Takes it over from a process that is gone, and reports that.
   * @throws while another process holds the lock, and for a lock file that cannot be read
   */
  static take(path: string, note: (message: string) => void): Lock {
    makePrivateFolder(dirname(path));
    const since = new Date().toISOString();
    const begun = beginningOf(process.pid) ?? "";
    const holder: Holder = { pid: process.pid, begun, since, providers: [], token: randomUUID() };
    const own = `${path}.${holder.token}`;
    writeWhole(own, JSON.stringify(holder));
    try {
      for (;;) {
        if (linkIfAbsent(own, path)) return new Lock(path, holder);
        const other = read(path);
        if (!other) continue;
        refuseIfAlive(other);
        if (!takeOver(path, own, other)) continue;
        for (const pid of other.providers) endProvider(pid);
        note(
          `Took over the lock of process ${other.pid}, which is gone. It had the lock since ${other.since}.`,
        );
        return new Lock(path, holder);
      }
    } finally {
      rmSync(own, { force: true });
    }
  }

  /** Records a provider's process. A process that takes over the lock ends it. */
  addProvider(pid: number): void {
    this.#holder = { ...this.#holder, providers: [...this.#holder.providers, pid] };
    writeAtomic(this.#path, JSON.stringify(this.#holder));
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }
}

/**
 * Replaces the lock of a dead process. Only one process can create the claim file. The claim is
 * valid only while the dead process's lock is in place. Otherwise a slower process could replace
 * the lock of the process that came first.
 */
function takeOver(path: string, own: string, dead: Holder): boolean {
  const claim = `${path}.${tokenOf(dead)}.claim`;
  if (!linkIfAbsent(own, claim)) {
    const claimant = read(claim);
    if (claimant) refuseIfAlive(claimant);
    if (claimant) throw new Error(`${unusable(claim)}: a process was killed while it took over the lock`);
    return false;
  }
  try {
    const current = read(path);
    if (!current || tokenOf(current) !== tokenOf(dead)) return false;
    renameSync(own, path);
    return true;
  } finally {
    rmSync(claim, { force: true });
  }
}

/** Links a file to an unused name, so that the complete content appears at once. */
function linkIfAbsent(file: string, name: string): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

function writeWhole(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Returns the holder of a lock, or undefined if the lock has been released. */
function read(path: string): Holder | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    if (typeof holder?.pid === "number" && Array.isArray(holder.providers)) return holder as Holder;
  } catch {
    // Reported below.
  }
  throw new Error(`${unusable(path)}: its content is incomplete, so its holder is unknown`);
}

function unusable(path: string): string {
  return `the lock file cannot be used (make sure that no other run is active, then run "rm ${path}")`;
}

function tokenOf({ token, pid, begun }: Holder): string {
  return token ?? `${pid}-${begun}`;
}

function refuseIfAlive({ pid, begun, since }: Holder): void {
  if (!isAlive(pid, begun)) return;
  throw new Error(
    `this stack is being changed by process ${pid} since ${since}: wait for it, or stop it with "kill ${pid}"`,
  );
}

function beginningOf(pid: number): string | undefined {
  try {
    // Field 22 of /proc/<pid>/stat. The name in field 2 may contain spaces, so the count starts at
    // its closing bracket.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19];
  } catch {
    return undefined;
  }
}

function isAlive(pid: number, since: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const now = beginningOf(pid);
  return now === undefined || since === "" || now === since;
}

function endProvider(pid: number): void {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (command.includes("terraform-provider-")) process.kill(pid, "SIGKILL");
  } catch {
    // The process is gone already.
  }
}
