/**
 * Property values in the format of Pulumi's protocol: plain JSON. Secrets, resource references and
 * assets are objects with a signature. A value that is not known yet is one reserved string.
 */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
/** The properties of one resource. */
export type Properties = { [key: string]: Value };

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";

/** Pulumi's string for a value that is not known yet. */
export const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Marks a value as secret, unless it is marked already. */
export function secret(value: Value): Value {
  return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** Whether the value itself is marked as secret. */
export function isSecret(value: Value | undefined): value is { value: Value } {
  return isMap(value) && value[SIGNATURE] === SECRET;
}

/** Whether the value is a plain or marked object. False for arrays and null. */
export function isMap(value: unknown): value is { [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether `test` accepts the value or any value inside it. */
export function some(value: Value | undefined, test: (value: Value) => boolean): boolean {
  if (value === undefined) return false;
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((item) => some(item, test));
  return isMap(value) && Object.values(value).some((item) => some(item, test));
}

/** Whether the value is or contains a secret. */
export const holdsSecret = (value: Value | undefined): boolean => some(value, isSecret);
/** Whether the value is or contains an unknown. */
export const holdsUnknown = (value: Value | undefined): boolean => some(value, (v) => v === UNKNOWN_VALUE);

/**
 * Returns the value for a provider, with secrets in clear text and with ids in place of references
 * to resources.
 */
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

/**
 * Returns the value for display, with "[secret]" and "[unknown]" in place of secrets and unknowns.
 */
export function mask(value: Value | undefined): Value | undefined {
  if (value === undefined) return undefined;
  if (value === UNKNOWN_VALUE) return "[unknown]";
  if (Array.isArray(value)) return value.map((item) => mask(item) ?? null);
  if (!isMap(value)) return value;
  if (isSecret(value)) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item) ?? null]));
}

/**
 * Whether two values are equal, even if only one of them is secret. A key with the value null
 * counts as absent.
 */
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

/**
 * Marks as secret the outputs that the program names, and those that have a secret input of the
 * same name.
 */
export function withSecrets(outputs: Properties, inputs: Properties, named: readonly string[]): Properties {
  const marked: Properties = {};
  for (const [key, value] of Object.entries(outputs)) {
    marked[key] = named.includes(key) || holdsSecret(inputs[key]) ? secret(value) : value;
  }
  return marked;
}
