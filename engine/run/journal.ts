import { existsSync, readFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./atomic.ts";
import type { SealKey } from "./sealed.ts";

const FORMAT = "ragdock-journal-1";

/** The state file that a journal continues. */
export interface JournalBase {
  /** The number of earlier writes of the state. */
  readonly generation: number;
  /** The authentication tag of the state file. It binds the journal to this write of the file. */
  readonly tag: string;
}

/**
 * The changes since the last write of the state. Each is one encrypted line, which is appended and
 * never changed.
 */
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

  /**
   * Appends a record, and returns once it is on the disk. Records that arrive during a write share
   * the next write.
   */
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
    // A write that began before may have included the lines.
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    if (!this.#file) {
      // "wx" prevents overwriting a journal that was not read.
      this.#file = await open(this.#path, "wx", 0o600);
      syncFolder(dirname(this.#path));
    }
    await this.#file.writeFile(text);
    await this.#file.datasync();
  }
}

/**
 * Reads a journal's records. Returns none if there is no journal, or if it is older than the state.
 * Only the last line may be incomplete: a killed run did not rely on it yet.
 * @throws for any other damage, and for a journal that is newer than the state
 */
export function readJournal<T>(path: string, key: SealKey, base: JournalBase, text: string): T[] {
  const lines = text.split("\n");
  // The text after the last line break is an incomplete line or empty.
  lines.pop();
  const [head, ...rest] = lines;
  if (head === undefined) return [];
  const damaged = new Error(
    `${path} was damaged, or belongs to another state: restore both files from the same backup`,
  );
  const generation = readHead(head);
  // The run wrote the state, and was killed before it removed the journal.
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

/** Returns the text of a journal file, or undefined if there is none. */
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

// A record can be decrypted only at its position in its journal, so no record can be moved,
// repeated or left out.
function context({ tag }: JournalBase, index: number): string {
  return `${FORMAT} ${tag} ${index}`;
}
