import { rmSync } from "node:fs";
import { join } from "node:path";
import { Journal, journalText, readJournal } from "./journal.ts";
import type { PendingOperation, ResourceState } from "./model.ts";
import { Resources } from "./resources.ts";
import { type Opened, openSealed, SealKey } from "./sealed.ts";
import type { EngineOptions } from "./types.ts";

/** The content of a state file. */
interface Content {
  readonly resources: readonly ResourceState[];
  readonly pending: readonly PendingOperation[];
  readonly keptNames: Readonly<Record<string, string>>;
  /**
   * The number of earlier writes of the state. Files of earlier versions do not have this field.
   */
  readonly generation?: number;
}

/** One record of the journal. Null means removed, and an absent field means unchanged. */
interface Changes {
  readonly resources?: [number, ResourceState | null][];
  readonly pending?: [number, PendingOperation | null][];
  readonly keptNames?: Record<string, string>;
}

const EMPTY: Content = { resources: [], pending: [], keptNames: {} };

/** Returns the path of a stack's state file. */
export function statePath(options: Pick<EngineOptions, "stateDir" | "project" | "stack">): string {
  return join(options.stateDir, `${options.project}.${options.stack}.state`);
}

/**
 * The state of one stack. A run appends its changes to a journal, and writes the whole state once,
 * at its end. A run without changes writes nothing.
 */
export class StateStore {
  readonly resources: Resources;
  readonly #path: string;
  readonly #persist: boolean;
  readonly #key: SealKey;
  readonly #pending: Map<number, PendingOperation>;
  #keptNames: Record<string, string>;
  #generation: number;
  /** The authentication tag of the state file, or undefined if there is none. */
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
   * Opens the state, and adds the changes in the journal of a killed run.
   * @param persist whether to write changes: false for a preview
   */
  static async open(path: string, passphrase: string, persist: boolean): Promise<StateStore> {
    // The journal is read first. If a run ends in between, the newer state contains the journal's
    // changes.
    const journal = journalText(journalPath(path));
    const opened = await openSealed(path, passphrase);
    const store = new StateStore(path, persist, opened?.key ?? (await SealKey.derive(passphrase)), opened);
    if (journal !== undefined) store.#continue(journal);
    return store;
  }

  /** The unfinished operations, by number. */
  get pending(): [number, PendingOperation][] {
    return [...this.#pending];
  }

  /**
   * Records an operation before its start, and returns its number. The record is durable after the
   * next flush.
   */
  begin(operation: PendingOperation): number {
    const number = this.#nextPending++;
    this.#pending.set(number, operation);
    this.#pendingChanges.set(number, operation);
    return number;
  }

  /** Removes the record of an operation. */
  end(number: number): void {
    this.#pending.delete(number);
    this.#pendingChanges.set(number, null);
  }

  /**
   * Returns the name of a volume whose creation was interrupted. The next creation adopts that
   * volume.
   */
  keptName(urn: string): string | undefined {
    return this.#keptNames[urn];
  }

  /** Records a name for later, or removes it. */
  keepName(urn: string, name: string | undefined): void {
    if (this.#keptNames[urn] === name) return;
    const { [urn]: _, ...others } = this.#keptNames;
    this.#keptNames = name === undefined ? others : { ...others, [urn]: name };
    this.#keptNamesChanged = true;
  }

  /** Writes all changes to the disk, and returns once they are durable. */
  async flush(): Promise<void> {
    if (!this.#persist) return;
    const changes = this.#takeChanges();
    if (changes) await this.#openJournal().append(changes);
  }

  /** Writes the whole state if it changed, and removes the journal. */
  async close(): Promise<void> {
    if (!this.#persist) return;
    if (!this.#takeChanges() && !this.#journal) return;
    // The journal is removed last, because it has the only durable copy of its changes until the state
    // is written.
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
    // A journal whose last line may be incomplete must not grow.
    if (records.length > 0) this.#write(this.#generation + 1);
    this.#removeJournal();
  }

  #openJournal(): Journal {
    // A journal needs a state file, which contains the salt of the key.
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
