import { rmSync } from "node:fs";
import { join } from "node:path";
import { Journal, journalText, readJournal } from "./journal.ts";
import type { PendingOperation, ResourceState } from "./model.ts";
import { Resources } from "./resources.ts";
import { type Opened, openSealed, SealKey } from "./sealed.ts";
import type { EngineOptions } from "./types.ts";

/** A state file's content. */
interface Content {
  readonly resources: readonly ResourceState[];
  readonly pending: readonly PendingOperation[];
  readonly keptNames: Readonly<Record<string, string>>;
  /** How many times the state was written before. Files of earlier releases have none. */
  readonly generation?: number;
}

/** One record of the journal; a null stands for what is gone, an absent field for what did not change. */
interface Changes {
  readonly resources?: [number, ResourceState | null][];
  readonly pending?: [number, PendingOperation | null][];
  readonly keptNames?: Record<string, string>;
}

const EMPTY: Content = { resources: [], pending: [], keptNames: {} };

/** Where a stack's state is kept. */
export function statePath(options: Pick<EngineOptions, "stateDir" | "project" | "stack">): string {
  return join(options.stateDir, `${options.project}.${options.stack}.state`);
}

/**
 * One stack's state. A run appends its changes to a journal, and writes the whole state once, at its end.
 * A run without changes writes nothing.
 */
export class StateStore {
  readonly resources: Resources;
  readonly #path: string;
  readonly #persist: boolean;
  readonly #key: SealKey;
  readonly #pending: Map<number, PendingOperation>;
  #keptNames: Record<string, string>;
  #generation: number;
  /** The authentication tag of the state file; undefined while there is none. */
  #tag: string | undefined;
  #journal: Journal | undefined;
  #nextPending: number;
  #pendingChanges = new Map<number, PendingOperation | null>();
  #keptNamesChanged = false;

  private constructor(path: string, persist: boolean, key: SealKey, opened: Opened | undefined) {
    const content = opened ? (JSON.parse(opened.text) as Content) : EMPTY;
    this.#path = path;
    this.#persist = persist;
    this.#key = key;
    this.#tag = opened?.tag;
    this.#generation = content.generation ?? 0;
    this.resources = new Resources(content.resources);
    this.#pending = new Map(content.pending.entries());
    this.#nextPending = this.#pending.size;
    this.#keptNames = content.keptNames;
  }

  /**
   * Opens the state, and adds what the journal of a killed run holds.
   * @param persist whether changes are written; a preview writes nothing
   */
  static async open(path: string, passphrase: string, persist: boolean): Promise<StateStore> {
    // Read before the state: a run that ends in between leaves a newer state, which holds the journal's changes.
    const journal = journalText(journalPath(path));
    const opened = await openSealed(path, passphrase);
    const store = new StateStore(path, persist, opened?.key ?? (await SealKey.derive(passphrase)), opened);
    if (journal !== undefined) store.#continue(journal);
    return store;
  }

  /** The operations that have begun and not ended, by number. */
  get pending(): [number, PendingOperation][] {
    return [...this.#pending];
  }

  /** Records an operation that is about to start, and returns its number. Durable after the next flush. */
  begin(operation: PendingOperation): number {
    const number = this.#nextPending++;
    this.#pending.set(number, operation);
    this.#pendingChanges.set(number, operation);
    return number;
  }

  /** Strikes an operation out. */
  end(number: number): void {
    this.#pending.delete(number);
    this.#pendingChanges.set(number, null);
  }

  /** The name to use again for a volume whose creation was cut short: a volume is adopted, never deleted. */
  keptName(urn: string): string | undefined {
    return this.#keptNames[urn];
  }

  /** Keeps a name for later, or forgets it. */
  keepName(urn: string, name: string | undefined): void {
    if (this.#keptNames[urn] === name) return;
    const { [urn]: _, ...others } = this.#keptNames;
    this.#keptNames = name === undefined ? others : { ...others, [urn]: name };
    this.#keptNamesChanged = true;
  }

  /** Makes all changes durable. Returns once they are on the disk. */
  async flush(): Promise<void> {
    if (!this.#persist) return;
    const changes = this.#takeChanges();
    if (changes) await this.#openJournal().append(changes);
  }

  /** Writes the whole state if anything changed, and removes the journal. */
  async close(): Promise<void> {
    if (!this.#persist) return;
    if (!this.#takeChanges() && !this.#journal) return;
    // The journal goes last: until then, what it holds is in no other file.
    this.#write(this.#generation + 1);
    await this.#journal?.close();
    this.#removeJournal();
  }

  #continue(text: string): void {
    const base = { generation: this.#generation, tag: this.#tag ?? "" };
    const records = readJournal<Changes>(journalPath(this.#path), this.#key, base, text);
    for (const { resources = [], pending = [], keptNames } of records) {
      this.resources.apply(resources);
      for (const [number, operation] of pending) {
        if (operation) this.#pending.set(number, operation);
        else this.#pending.delete(number);
        this.#nextPending = Math.max(this.#nextPending, number + 1);
      }
      this.#keptNames = keptNames ?? this.#keptNames;
    }
    if (!this.#persist) return;
    // Nothing is appended to a journal whose last line may be incomplete.
    if (records.length > 0) this.#write(this.#generation + 1);
    this.#removeJournal();
  }

  #openJournal(): Journal {
    // A journal needs a state file to continue: that file holds the salt of the key.
    if (this.#tag === undefined) this.#write(this.#generation, EMPTY);
    this.#journal ??= new Journal(journalPath(this.#path), this.#key, {
      generation: this.#generation,
      tag: this.#tag ?? "",
    });
    return this.#journal;
  }

  #removeJournal(): void {
    rmSync(journalPath(this.#path), { force: true });
    this.#journal = undefined;
  }

  #write(generation: number, content = this.#content()): void {
    this.#tag = this.#key.write(this.#path, JSON.stringify({ ...content, generation }));
    this.#generation = generation;
  }

  #content(): Content {
    const pending = [...this.#pending.values()];
    return { resources: this.resources.all(), pending, keptNames: this.#keptNames };
  }

  #takeChanges(): Changes | undefined {
    const resources = this.resources.takeChanges();
    const changes: Changes = {
      ...(resources.length > 0 ? { resources } : {}),
      ...(this.#pendingChanges.size > 0 ? { pending: [...this.#pendingChanges] } : {}),
      ...(this.#keptNamesChanged ? { keptNames: this.#keptNames } : {}),
    };
    this.#pendingChanges = new Map();
    this.#keptNamesChanged = false;
    return Object.keys(changes).length > 0 ? changes : undefined;
  }
}

function journalPath(path: string): string {
  return `${path}.journal`;
}
