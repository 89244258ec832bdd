import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { TfObject } from "./cty.ts";
import type { EngineOptions } from "./types.ts";
import type { Properties } from "./values.ts";

/** A resource as the provider keeps it. */
export interface TfState {
  readonly state: TfObject;
  /** The provider's private bytes, in base64. */
  readonly private: string;
  readonly version: number;
  /** The build of the provider that wrote this. */
  readonly key: string;
}

/** How long the provider may take, as the program said. */
export interface Timeouts {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly read?: string;
}

/** A resource as the engine keeps it between runs. */
export interface ResourceState {
  urn: string;
  type: string;
  custom: boolean;
  id?: string;
  parent?: string;
  /** The explicit provider, as `urn::id`. */
  provider?: string;
  inputs: Properties;
  outputs: Properties;
  tf?: TfState;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  protect: boolean;
  retainOnDelete: boolean;
  deletedWith?: string;
  timeouts?: Timeouts;
  /** The name was made up by the engine, and is kept across updates. */
  autoNamed: boolean;
  /** Creation reported these errors, and left something behind. */
  initErrors: string[];
  /** The provider sees a difference even where the inputs are the recorded ones. */
  replan: boolean;
  /** Replaced already; deleted at the end of a run that succeeds. */
  pendingDelete: boolean;
  /** Deleted already for a replacement that has not been made yet. */
  pendingReplacement: boolean;
}

/** An operation written down before it starts, so that a killed run leaves a trace. */
export interface PendingOperation {
  readonly op: "create" | "update" | "delete";
  readonly urn: string;
  readonly type: string;
  readonly name?: string;
  readonly provider?: string;
  /** Milliseconds since 1970. */
  readonly started: number;
}

/** All that is remembered of one stack. */
export interface StackState {
  resources: ResourceState[];
  pending: PendingOperation[];
  /** Names to use again for volumes whose creation was cut short: a volume is adopted, never deleted. */
  keptNames: Record<string, string>;
}

interface Envelope {
  readonly format: "ragdock-state-1";
  readonly salt: string;
  readonly iv: string;
  readonly tag: string;
  readonly data: string;
}

const FORMAT = "ragdock-state-1";
// One of the settings that OWASP's password storage sheet gives for scrypt; about 0.3 s on a small machine.
const SCRYPT = { N: 1 << 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const derived = new Map<string, Promise<Buffer>>();

function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  const id = createHash("sha256").update(salt).update(passphrase).digest("hex");
  const derive = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      scrypt(passphrase, salt, 32, SCRYPT, (error, key) => (error ? reject(error) : resolve(key)));
    });
  const key = derived.get(id) ?? derive();
  derived.set(id, key);
  return key;
}

/** Where a stack's state is kept. */
export function statePath(options: Pick<EngineOptions, "stateDir" | "project" | "stack">): string {
  return join(options.stateDir, `${options.project}.${options.stack}.state`);
}

/** One stack's state: read once, written whole and encrypted after each step. */
export class StateStore {
  readonly state: StackState;
  readonly #path: string;
  readonly #salt: Buffer;
  readonly #key: Buffer;
  readonly #persist: boolean;

  private constructor(path: string, salt: Buffer, key: Buffer, state: StackState, persist: boolean) {
    this.#path = path;
    this.#salt = salt;
    this.#key = key;
    this.state = state;
    this.#persist = persist;
  }

  /** Opens the state; with `persist` false nothing is ever written, as a preview wants it. */
  static async open(path: string, passphrase: string, persist: boolean): Promise<StateStore> {
    if (!passphrase) throw new Error("the state is encrypted and needs a passphrase, which is empty");
    if (!existsSync(path)) {
      const salt = randomBytes(16);
      const empty: StackState = { resources: [], pending: [], keptNames: {} };
      return new StateStore(path, salt, await deriveKey(passphrase, salt), empty, persist);
    }
    const envelope = JSON.parse(readFileSync(path, "utf8")) as Envelope;
    if (envelope.format !== FORMAT) throw new Error(`${path} is no state file of this engine`);
    const salt = Buffer.from(envelope.salt, "base64");
    const key = await deriveKey(passphrase, salt);
    return new StateStore(path, salt, key, decrypt(envelope, key, path), persist);
  }

  /** Writes the state so that a crash leaves either the old or the new file, never half of one. */
  save(): void {
    if (!this.#persist) return;
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv);
    const data = Buffer.concat([cipher.update(JSON.stringify(this.state), "utf8"), cipher.final()]);
    const text = (bytes: Buffer) => bytes.toString("base64");
    const envelope: Envelope = {
      format: FORMAT,
      salt: text(this.#salt),
      iv: text(iv),
      tag: text(cipher.getAuthTag()),
      data: text(data),
    };
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const unfinished = `${this.#path}.new`;
    const file = openSync(unfinished, "w", 0o600);
    try {
      writeSync(file, JSON.stringify(envelope));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, this.#path);
  }
}

function decrypt(envelope: Envelope, key: Buffer, path: string): StackState {
  const bytes = (text: string) => Buffer.from(text, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes(envelope.iv));
  decipher.setAuthTag(bytes(envelope.tag));
  try {
    const plain = Buffer.concat([decipher.update(bytes(envelope.data)), decipher.final()]);
    return JSON.parse(plain.toString("utf8")) as StackState;
  } catch {
    throw new Error(`${path} does not open with this passphrase, or was damaged`);
  }
}
