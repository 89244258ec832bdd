import { existsSync, readFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./atomic.ts";
import type { SealKey } from "./sealed.ts";

const FORMAT = "ragdock-journal-1";

/** The state file that a journal continues. */
export interface JournalBase {
  /** How many times the state was written before. */
  readonly generation: number;
  /** The authentication tag of the state file: binds the journal to this one writing of it. */
  readonly tag: string;
}

/** The changes since the state was last written: one encrypted line each, appended and never changed. */
export class Journal {
  readonly #path: string;
  readonly #key: SealKey;
  readonly #base: JournalBase;
  #count = 0;
  #lines: string[] = [];
  #writing: Promise<void> | undefined;
  #file: FileHandle | undefined;

  constructor(path: string, key: SealKey, base: JournalBase) {
    this.#path = path;
    this.#key = key;
    this.#base = base;
  }

  /** Appends a record, and returns once it is on the disk. Records that arrive during a write share the next one. */
  append(record: unknown): Promise<void> {
    if (this.#count === 0)
      this.#lines.push(JSON.stringify({ format: FORMAT, generation: this.#base.generation }));
    const sealed = this.#key.seal(JSON.stringify(record), context(this.#base, this.#count++));
    this.#lines.push(sealed.toString("base64"));
    const previous = this.#writing;
    const next = (previous ?? Promise.resolve()).then(() => this.#write());
    this.#writing = next;
    return next;
  }

  async close(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    // An earlier write of this turn may have taken the lines along.
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    if (!this.#file) {
      // "wx": an unread journal is never overwritten.
      this.#file = await open(this.#path, "wx", 0o600);
      syncFolder(dirname(this.#path));
    }
    await this.#file.writeFile(text);
    await this.#file.datasync();
  }
}

/**
 * Reads a journal's records; none when there is no journal, or when it is older than the state.
 * Only the last line may be incomplete: a killed run was not told yet that it is on the disk.
 * @throws for any other damage, and for a journal that is newer than the state
 */
export function readJournal<T>(path: string, key: SealKey, base: JournalBase, text: string): T[] {
  const lines = text.split("\n");
  // What follows the last line break is an incomplete line, or nothing.
  lines.pop();
  const [head, ...rest] = lines;
  if (head === undefined) return [];
  const damaged = new Error(`${path} was damaged, or belongs to another state: restore both from one backup`);
  const generation = readHead(head);
  // The state was written and the run was killed before it removed the journal.
  if (generation !== undefined && generation < base.generation) return [];
  if (generation !== base.generation) throw damaged;
  return rest.map((line, index) => {
    try {
      return JSON.parse(key.open(Buffer.from(line, "base64"), context(base, index))) as T;
    } catch {
      throw damaged;
    }
  });
}

/** The text of a journal file; undefined when there is none. */
export function journalText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function readHead(line: string): number | undefined {
  try {
    const head = JSON.parse(line) as { format?: unknown; generation?: unknown };
    return head.format === FORMAT && typeof head.generation === "number" ? head.generation : undefined;
  } catch {
    return undefined;
  }
}

// A record opens only at its own place in its own journal: none can be moved, repeated or left out in between.
function context({ tag }: JournalBase, index: number): string {
  return `${FORMAT} ${tag} ${index}`;
}
