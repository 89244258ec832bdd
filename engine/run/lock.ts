import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

interface Holder {
  readonly pid: number;
  /** When the process began, in clock ticks since boot: tells a process from a later one with the same pid. */
  readonly begun: string;
  readonly since: string;
  /** Provider processes, which outlive a killed engine and would go on working. */
  readonly providers: readonly number[];
}

/** The right to change one stack, held by one process at a time. */
export class Lock {
  readonly #path: string;
  #holder: Holder;

  private constructor(path: string, holder: Holder) {
    this.#path = path;
    this.#holder = holder;
  }

  /** Takes the lock; one left by a dead process is taken over, with a word. */
  static take(path: string, note: (message: string) => void): Lock {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const since = new Date().toISOString();
    const holder = { pid: process.pid, begun: begun(process.pid) ?? "", since, providers: [] };
    for (;;) {
      try {
        writeFileSync(path, JSON.stringify(holder), { flag: "wx", mode: 0o600 });
        return new Lock(path, holder);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const other = read(path);
      if (other && isAlive(other.pid, other.begun)) {
        throw new Error(
          `this stack is being changed by process ${other.pid} since ${other.since}: wait for it, or stop it with "kill ${other.pid}"`,
        );
      }
      for (const pid of other?.providers ?? []) endProvider(pid);
      note(
        `took over the lock of process ${other?.pid ?? "unknown"}, which is gone (it began ${other?.since ?? "some time ago"})`,
      );
      rmSync(path, { force: true });
    }
  }

  /** Writes down a provider's process, to be ended by whoever takes the lock over. */
  addProvider(pid: number): void {
    this.#holder = { ...this.#holder, providers: [...this.#holder.providers, pid] };
    writeFileSync(this.#path, JSON.stringify(this.#holder), { mode: 0o600 });
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }
}

function read(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

function begun(pid: number): string | undefined {
  try {
    // Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces, so count from its closing bracket.
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
  const now = begun(pid);
  return now === undefined || since === "" || now === since;
}

function endProvider(pid: number): void {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (command.includes("terraform-provider-")) process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
