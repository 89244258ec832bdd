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
  /** When the process began, in clock ticks since boot: tells a process from a later one with the same pid. */
  readonly begun: string;
  readonly since: string;
  /** Provider processes. They survive a killed engine and would continue to work. */
  readonly providers: readonly number[];
  /** Names this one taking of the lock. Locks of earlier releases have none. */
  readonly token?: string;
}

/** The right to change one stack. One process has it at a time. */
export class Lock {
  readonly #path: string;
  #holder: Holder;

  private constructor(path: string, holder: Holder) {
    this.#path = path;
    this.#holder = holder;
  }

  /**
   * Takes the lock, also from a process that is gone, and tells so.
   * @throws while another process holds it, and for a lock file that cannot be read
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
        note(`took over the lock of process ${other.pid}, which is gone (it began ${other.since})`);
        return new Lock(path, holder);
      }
    } finally {
      rmSync(own, { force: true });
    }
  }

  /** Records a provider's process, which is ended when another process takes the lock over. */
  addProvider(pid: number): void {
    this.#holder = { ...this.#holder, providers: [...this.#holder.providers, pid] };
    writeAtomic(this.#path, JSON.stringify(this.#holder));
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }
}

/**
 * Replaces the lock of a dead process. Only one process can create the claim to it. The claim counts only while that
 * lock is in place: a late taker would otherwise replace the lock of the process that was first.
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

/** Links a file to a name that is free: the content appears at once and whole. */
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

/** The holder of a lock; undefined where the lock was released meanwhile. */
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
  throw new Error(`${unusable(path)}: its content is incomplete, so its holder is not known`);
}

function unusable(path: string): string {
  return `the lock file cannot be used (make sure that no other run is working, then "rm ${path}")`;
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
    // Field 22 of /proc/<pid>/stat. The name in field 2 may hold spaces, so fields are counted from its closing bracket.
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
