import { isDeepStrictEqual } from "node:util";
import type { ResourceState } from "./model.ts";

/** Returns all dependencies of a resource. They are created before it and deleted after it. */
export function dependenciesOf(entry: ResourceState): Set<string> {
  const urns = [...entry.dependencies, ...Object.values(entry.propertyDependencies).flat()];
  if (entry.parent) urns.push(entry.parent);
  if (entry.provider) urns.push(providerUrn(entry.provider));
  if (entry.deletedWith) urns.push(entry.deletedWith);
  return new Set(urns.filter((urn) => urn !== entry.urn));
}

/** Returns the URN of a provider reference, which is `urn::id`. */
export function providerUrn(reference: string): string {
  return reference.slice(0, reference.lastIndexOf("::"));
}

/**
 * A stack's resources in the order of their creation. With indexes, the time of each step does not
 * depend on the number of resources.
 */
export class Resources {
  /** The entries by number. A replaced entry keeps its number, and so its position. */
  readonly #entries = new Map<number, ResourceState>();
  readonly #numbers = new Map<ResourceState, number>();
  readonly #byUrn = new Map<string, ResourceState>();
  #dependents: Map<string, Set<ResourceState>> | undefined;
  #next = 0;
  #changed = new Set<number>();

  constructor(entries: readonly ResourceState[]) {
    for (const entry of entries) this.#set(this.#next++, entry);
  }

  all(): ResourceState[] {
    return [...this.#entries.values()];
  }

  /**
   * Returns the current entry of a URN. An entry that was replaced and waits for its deletion does
   * not count.
   */
  find(urn: string): ResourceState | undefined {
    return this.#byUrn.get(urn);
  }

  /** Puts an entry at the position of another one, or at the end. */
  put(entry: ResourceState, old?: ResourceState): void {
    const number = (old && this.#numbers.get(old)) ?? this.#next++;
    if (old) this.#forget(old);
    this.#set(number, entry);
    this.#changed.add(number);
  }

  /** Replaces an old entry if the two differ. Returns the entry that is in the state. */
  keep(entry: ResourceState, old: ResourceState | undefined): ResourceState {
    if (old && isDeepStrictEqual(entry, old)) return old;
    this.put(entry, old);
    return entry;
  }

  drop(entry: ResourceState): void {
    const number = this.#numbers.get(entry);
    if (number === undefined) return;
    this.#forget(entry);
    this.#entries.delete(number);
    this.#changed.add(number);
  }

  /** Records that an entry was changed in place. */
  touch(entry: ResourceState): void {
    const number = this.#numbers.get(entry);
    if (number === undefined) return;
    if (entry.pendingDelete && this.#byUrn.get(entry.urn) === entry) this.#byUrn.delete(entry.urn);
    this.#changed.add(number);
  }

  /** Returns the resources that name a URN as a dependency, as their parent or as their provider. */
  dependents(urn: string): ResourceState[] {
    if (!this.#dependents) {
      this.#dependents = new Map();
      for (const entry of this.#entries.values()) this.#noteDependencies(entry);
    }
    return [...(this.#dependents.get(urn) ?? [])];
  }

  /** Changes the URN of a resource, and all references to it. */
  rename(entry: ResourceState, to: string): void {
    const from = entry.urn;
    const replace = (urn: string) => (urn === from ? to : urn);
    const dependents = this.dependents(from);
    this.#byUrn.delete(from);
    this.#byUrn.set(to, entry);
    entry.urn = to;
    this.touch(entry);
    for (const other of dependents) {
      if (other.parent) other.parent = replace(other.parent);
      if (other.deletedWith) other.deletedWith = replace(other.deletedWith);
      if (other.provider) other.provider = other.provider.replace(`${from}::`, `${to}::`);
      other.dependencies = other.dependencies.map(replace);
      for (const [key, urns] of Object.entries(other.propertyDependencies)) {
        other.propertyDependencies[key] = urns.map(replace);
      }
      this.#noteDependencies(other);
      this.touch(other);
    }
    this.#dependents?.delete(from);
  }

  /** Returns the changes since the last call: entries by number, and null for a removed entry. */
  takeChanges(): [number, ResourceState | null][] {
    const changes = [...this.#changed].map((number): [number, ResourceState | null] => [
      number,
      this.#entries.get(number) ?? null,
    ]);
    this.#changed = new Set();
    return changes;
  }

  /** Applies changes that an earlier run recorded. */
  apply(changes: readonly [number, ResourceState | null][]): void {
    for (const [number, entry] of changes) {
      const old = this.#entries.get(number);
      if (old) this.#forget(old);
      if (entry) this.#set(number, entry);
      else this.#entries.delete(number);
      this.#next = Math.max(this.#next, number + 1);
    }
  }

  #set(number: number, entry: ResourceState): void {
    this.#entries.set(number, entry);
    this.#numbers.set(entry, number);
    if (!entry.pendingDelete) this.#byUrn.set(entry.urn, entry);
    if (this.#dependents) this.#noteDependencies(entry);
  }

  #forget(entry: ResourceState): void {
    this.#numbers.delete(entry);
    if (this.#byUrn.get(entry.urn) === entry) this.#byUrn.delete(entry.urn);
    if (!this.#dependents) return;
    for (const urn of dependenciesOf(entry)) this.#dependents.get(urn)?.delete(entry);
  }

  #noteDependencies(entry: ResourceState): void {
    for (const urn of dependenciesOf(entry)) {
      const known = this.#dependents?.get(urn);
      if (known) known.add(entry);
      else this.#dependents?.set(urn, new Set([entry]));
    }
  }
}
