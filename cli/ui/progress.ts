import type { EngineEvent, Op, RunResult } from "../../engine/index.ts";
import { print } from "../command.ts";
import { elapsed } from "./text.ts";

/** Seconds without output after which a run prints what it is waiting for. */
const heartbeatSeconds = 20;

/** Resource types, as messages name them. */
export const kinds: Readonly<Record<string, string>> = {
  "docker:index/container:Container": "container",
  "docker:index/remoteImage:RemoteImage": "image",
  "docker:index/network:Network": "network",
  "docker:index/volume:Volume": "volume",
  "docker:index/service:Service": "service",
  "random:index/randomPassword:RandomPassword": "secret",
};

/** The sign in front of a change, and what was done. */
export const ops: Readonly<Record<Op, readonly [sign: string, done: string]>> = {
  same: [" ", "unchanged"],
  read: [" ", "read"],
  create: ["+", "created"],
  update: ["~", "updated"],
  replace: ["±", "replaced"],
  delete: ["-", "removed"],
  retain: ["=", "kept, no longer managed"],
};

/** Prints what a run does, one line per change, with the time since its start. */
export class Progress {
  private readonly begun = performance.now();
  private readonly running = new Map<string, { readonly what: string; readonly since: number }>();
  private lastLine = this.begun;
  private readonly timer: NodeJS.Timeout;
  private readonly prefix: string;
  private readonly write: (line: string) => void;

  /** @param prefix prefix of each resource's name that is not shown, `project-stack-` */
  constructor(prefix: string, write: (line: string) => void = print) {
    this.prefix = prefix;
    this.write = write;
    this.timer = setInterval(() => this.beat(), 1000);
  }

  line(text: string): void {
    this.lastLine = performance.now();
    this.write(`${this.clock()}  ${text}`);
  }

  /** Runs `work` as a named step. Prints how long it took if that is more than a second. */
  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const since = performance.now();
    this.running.set(what, { what, since });
    try {
      return await work();
    } finally {
      this.running.delete(what);
      const took = (performance.now() - since) / 1000;
      if (took > 1) this.line(`${what}: ${elapsed(took)}`);
    }
  }

  readonly event = (event: EngineEvent): void => {
    if (event.kind === "note") this.line(event.message);
    // What the program prints itself, such as the node of a volume.
    if (event.kind === "log" && event.severity === "info" && !event.urn) this.line(event.message);
    if (event.kind === "log" && event.severity === "warning") this.line(`warning: ${event.message}`);
    if (event.kind === "log" || event.kind === "note" || !kinds[event.type]) return;
    const what = `${kinds[event.type]} ${this.shortName(event.name)}`;
    const key = event.urn + event.op;
    if (event.kind === "start") {
      this.running.set(key, { what: `${doing(event.type, event.op)} ${what}`, since: performance.now() });
      return;
    }
    this.running.delete(key);
    if (event.kind === "failed") this.line(`! ${what}: failed after ${elapsed(event.seconds)}`);
    else if (event.op !== "same" && event.op !== "read" && !isImageRemoval(event)) {
      const [sign, done] = ops[event.op];
      this.line(`${sign} ${what}: ${done}, ${elapsed(event.seconds)}`);
    }
  };

  end(): void {
    clearInterval(this.timer);
  }

  /** A resource's name without the project, the stack and the suffix for its type. */
  shortName(name: string): string {
    const short = name.startsWith(this.prefix) ? name.slice(this.prefix.length) : name;
    return short.replace(/^image-/, "");
  }

  /** Seconds since the start. */
  seconds(): number {
    return (performance.now() - this.begun) / 1000;
  }

  private clock(): string {
    const s = Math.floor(this.seconds());
    return `${String(Math.floor(s / 60)).padStart(2)}:${String(s % 60).padStart(2, "0")}`;
  }

  private beat(): void {
    const now = performance.now();
    if (this.running.size === 0 || now - this.lastLine < heartbeatSeconds * 1000) return;
    const busy = [...this.running.values()]
      .sort((a, b) => a.since - b.since)
      .map(({ what, since }) => `${what} (${elapsed((now - since) / 1000)})`);
    const more = busy.length > 3 ? ` and ${busy.length - 3} more` : "";
    this.line(`  … ${busy.slice(0, 3).join(", ")}${more}`);
  }
}

/** An image that is no longer used stays in Docker (keepLocally), so nothing was removed. */
const isImageRemoval = (event: { type: string; op: Op }): boolean =>
  event.op === "delete" && event.type.endsWith(":RemoteImage");

function doing(type: string, op: Op): string {
  if (op === "delete") return "stopping";
  if (type.endsWith(":RemoteImage")) return "building or pulling";
  return /:(Container|Service)$/.test(type) ? "waiting for" : "creating";
}

/** One line on what a run changed: `2 created, 1 replaced, 61 unchanged`. */
export function summary(changes: RunResult["changes"]): string {
  const { same, ...others } = changes;
  const parts = (Object.keys(ops) as Op[]).flatMap((op) =>
    op !== "same" && others[op] > 0 ? [`${others[op]} ${ops[op][1]}`] : [],
  );
  return parts.length === 0
    ? `Nothing created, updated or replaced: ${same} unchanged.`
    : `${parts.join(", ")}, ${same} unchanged.`;
}
