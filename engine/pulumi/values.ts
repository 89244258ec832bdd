/**
 * Property values as Pulumi's protocol carries them: plain JSON, where secrets, resource references and
 * assets are objects marked by a signature, and what is not known yet is one reserved string.
 */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
/** The properties of one resource. */
export type Properties = { [key: string]: Value };

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";

/** How Pulumi writes a value that is not known yet. */
export const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Marks a value as secret; a secret is never marked twice. */
export function secret(value: Value): Value {
  return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** True for a value marked as secret at its top. */
export function isSecret(value: Value | undefined): value is { value: Value } {
  return isMap(value) && value[SIGNATURE] === SECRET;
}

/** True for a plain or marked object, false for arrays and null. */
export function isMap(value: unknown): value is { [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when the value is, or holds anywhere, what `test` accepts. */
export function some(value: Value | undefined, test: (value: Value) => boolean): boolean {
  if (value === undefined) return false;
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((item) => some(item, test));
  return isMap(value) && Object.values(value).some((item) => some(item, test));
}

/** True when a secret is anywhere inside. */
export const holdsSecret = (value: Value | undefined): boolean => some(value, isSecret);
/** True when an unknown is anywhere inside. */
export const holdsUnknown = (value: Value | undefined): boolean => some(value, (v) => v === UNKNOWN_VALUE);

/** The value as a provider wants it: secrets opened, references to resources turned into their ids. */
export function reveal(value: Value): Value {
  if (Array.isArray(value)) return value.map(reveal);
  if (!isMap(value)) return value;
  switch (value[SIGNATURE]) {
    case SECRET:
      return reveal(value.value ?? null);
    case RESOURCE:
      return value.id === "" ? UNKNOWN_VALUE : (value.id ?? value.urn ?? null);
    case ASSET:
    case ARCHIVE:
      throw new Error(
        "assets and archives are not supported by the embedded engine: write a path or the text itself",
      );
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item)]));
}

/** The value as a person may see it: "[secret]" and "[unknown]" in place of what is behind them. */
export function mask(value: Value | undefined): Value | undefined {
  if (value === undefined) return undefined;
  if (value === UNKNOWN_VALUE) return "[unknown]";
  if (Array.isArray(value)) return value.map((item) => mask(item) ?? null);
  if (!isMap(value)) return value;
  if (isSecret(value)) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item) ?? null]));
}

/** Compares two values for what they say, secret or not; a key holding null counts as absent. */
export function equal(a: Value | undefined, b: Value | undefined): boolean {
  return canonical(a ?? null) === canonical(b ?? null);
}

function canonical(value: Value): string {
  const plain = isSecret(value) ? value.value : value;
  if (Array.isArray(plain)) return `[${plain.map(canonical).join()}]`;
  if (!isMap(plain)) return JSON.stringify(plain ?? null);
  const keys = Object.keys(plain).filter((key) => plain[key] !== null && plain[key] !== undefined);
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(plain[key] ?? null)}`)
    .join()}}`;
}

/** Marks as secret what the program names, and what came from a secret input of the same name. */
export function withSecrets(outputs: Properties, inputs: Properties, named: readonly string[]): Properties {
  const marked: Properties = {};
  for (const [key, value] of Object.entries(outputs)) {
    marked[key] = named.includes(key) || holdsSecret(inputs[key]) ? secret(value) : value;
  }
  return marked;
}
