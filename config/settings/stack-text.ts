import { isCollection, LineCounter, parseDocument, type YAMLParseError } from "yaml";
import { Failure } from "../spec/failure.ts";
import { packages } from "./read.ts";
import { closest } from "./suggest.ts";

/** The top-level keys that Pulumi accepts in a stack's file. */
const fileKeys = ["config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"];

/** A stack's settings as Pulumi passes them to a program: flat, with objects as JSON. */
export interface StackText {
  readonly values: Record<string, string>;
  /** Keys whose value is encrypted in the file. */
  readonly encrypted: readonly string[];
}

/**
 * Reads the text of a stack's file, as Pulumi does: a key without a colon belongs to the project,
 * and `<<` merges an anchor.
 * @param name the file's name in messages
 * @throws a Failure for text that is not YAML, and for a key that Pulumi would ignore
 */
export function readStackText(text: string, name: string, project: string): StackText {
  const content = parseYaml(text, name) ?? {};
  if (!isMap(content)) throw wrong(name, "must have the key `config` with the settings below it");
  for (const key of Object.keys(content)) if (!fileKeys.includes(key)) throw unknownKey(name, key);
  const config = content.config ?? {};
  if (!isMap(config)) throw wrong(name, "must have the settings below `config` as `ragdock:name: value`");
  const values: Record<string, string> = {};
  const encrypted: string[] = [];
  for (const [bare, value] of Object.entries(config)) {
    const key = bare.includes(":") ? bare : `${project}:${bare}`;
    if (Object.hasOwn(values, key) || encrypted.includes(key))
      throw new Failure(
        `${name} has ${key} twice.`,
        "Remove one of the two. With and without the prefix, it is the same setting.",
      );
    if (isEncrypted(value)) encrypted.push(key);
    else values[key] = textOf(value);
  }
  return { values, encrypted };
}

function parseYaml(text: string, name: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { merge: true, lineCounter });
  const [error] = document.errors;
  if (error) throw notYaml(name, text, error);
  return isCollection(document.contents) || document.contents === null ? document.toJS() : text;
}

function notYaml(name: string, text: string, error: YAMLParseError): Failure {
  const line = error.linePos?.[0].line ?? 1;
  const reason = error.message.split(" at line ")[0];
  const shown = text.split("\n")[line - 1]?.replaceAll("\t", "→");
  return new Failure(`${name}, line ${line}: ${reason}.`, `    ${line} | ${shown}`);
}

const wrong = (name: string, what: string): Failure =>
  new Failure(`${name} ${what}.`, "Example:\n    config:\n      ragdock:environment: dev");

function unknownKey(name: string, key: string): Failure {
  const meant = closest(key, fileKeys);
  const setting = key.includes(":") && packages.includes(key.split(":")[0] ?? "");
  const fix = meant ? `Rename it to ${meant}.` : "Write settings below `config`, indented.";
  return new Failure(
    `${name} has the key "${key}", which would be ignored.`,
    setting ? "Move it below `config`, indented." : fix,
  );
}

/**
 * Returns a setting in the form in which Pulumi passes it: unchanged text, and JSON for everything
 * else.
 */
const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * Pulumi encrypts whole values and, with `--path`, values in them: each is an object with the one
 * key `secure`.
 */
function isEncrypted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { secure, ...others } = value as Record<string, unknown>;
  if (typeof secure === "string" && Object.keys(others).length === 0) return true;
  return Object.values(value).some(isEncrypted);
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
