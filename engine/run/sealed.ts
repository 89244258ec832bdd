import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeAtomic } from "./atomic.ts";

// OWASP's password storage cheat sheet recommends these scrypt settings. They take about 0.3 s on a
// small machine.
const SCRYPT = { N: 1 << 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const FORMAT = "ragdock-sealed-1";
// The state files of earlier versions differ from this format only in its name.
const READABLE: readonly string[] = [FORMAT, "ragdock-state-1"];
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Envelope {
  readonly format: string;
  readonly salt: string;
  readonly iv: string;
  readonly tag: string;
  readonly data: string;
}

const derived = new Map<string, Promise<Buffer>>();

/** A key for AES-256-GCM that scrypt derives from a passphrase. */
export class SealKey {
  readonly #salt: Buffer;
  readonly #key: Buffer;

  private constructor(salt: Buffer, key: Buffer) {
    this.#salt = salt;
    this.#key = key;
  }

  /** Derives the key. A process derives the key of each pair of passphrase and salt once. */
  static async derive(passphrase: string, salt: Buffer = randomBytes(16)): Promise<SealKey> {
    if (!passphrase) throw new Error("the file needs a passphrase, but the passphrase is empty");
    const id = createHash("sha256").update(salt).update(passphrase).digest("hex");
    const key = derived.get(id) ?? deriveBytes(passphrase, salt);
    derived.set(id, key);
    return new SealKey(salt, await key);
  }

  /** Encrypts a text. Only the same `context` decrypts it. */
  seal(text: string, context = ""): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv).setAAD(Buffer.from(context));
    const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), data]);
  }

  /** Decrypts a result of `seal`. @throws for another key or context, and for a changed byte */
  open(sealed: Buffer, context = ""): string {
    const decipher = createDecipheriv("aes-256-gcm", this.#key, sealed.subarray(0, IV_BYTES));
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const data = sealed.subarray(IV_BYTES + TAG_BYTES);
    return Buffer.concat([decipher.update(data), decipher.final()]).toString("utf8");
  }

  /** Writes an encrypted file. Returns its authentication tag, which identifies this write. */
  write(path: string, text: string): string {
    const sealed = this.seal(text);
    const part = (from: number, to?: number) => sealed.subarray(from, to).toString("base64");
    const envelope: Envelope = {
      format: FORMAT,
      salt: this.#salt.toString("base64"),
      iv: part(0, IV_BYTES),
      tag: part(IV_BYTES, IV_BYTES + TAG_BYTES),
      data: part(IV_BYTES + TAG_BYTES),
    };
    writeAtomic(path, JSON.stringify(envelope));
    return envelope.tag;
  }
}

/** A decrypted file. */
export interface Opened {
  readonly key: SealKey;
  readonly text: string;
  readonly tag: string;
}

/** Decrypts a file. Returns undefined if there is none. */
export async function openSealed(path: string, passphrase: string): Promise<Opened | undefined> {
  if (!existsSync(path)) return undefined;
  const envelope = readEnvelope(path);
  const bytes = (text: string) => Buffer.from(text, "base64");
  const key = await SealKey.derive(passphrase, bytes(envelope.salt));
  try {
    const sealed = Buffer.concat([bytes(envelope.iv), bytes(envelope.tag), bytes(envelope.data)]);
    return { key, text: key.open(sealed), tag: envelope.tag };
  } catch {
    throw new Error(`${path} cannot be opened with this passphrase, or is damaged`);
  }
}

/** Reads a JSON value from an encrypted file. Returns undefined if there is no such file. */
export async function readSealed<T>(path: string, passphrase: string): Promise<T | undefined> {
  const opened = await openSealed(path, passphrase);
  return opened && (JSON.parse(opened.text) as T);
}

/** Writes a JSON value to an encrypted file, atomically. */
export async function writeSealed(path: string, passphrase: string, value: unknown): Promise<void> {
  (await SealKey.derive(passphrase)).write(path, JSON.stringify(value));
}

function readEnvelope(path: string): Envelope {
  let envelope: Partial<Envelope> | null = null;
  try {
    envelope = JSON.parse(readFileSync(path, "utf8")) as Partial<Envelope> | null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (!envelope || !READABLE.includes(envelope.format ?? "")) {
    throw new Error(`${path} is not an encrypted file of Ragdock, or is damaged`);
  }
  return envelope as Envelope;
}

function deriveBytes(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, 32, SCRYPT, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
