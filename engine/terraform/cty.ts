import { decode, ExtData, ExtensionCodec, encode } from "@msgpack/msgpack";
import type { CtyType } from "./schema.ts";

/** The type of a value that a provider knows only after its work. */
export class Unknown {
  toJSON(): string {
    return "[unknown]";
  }
}

/** The one instance of `Unknown`. */
export const UNKNOWN = new Unknown();

/**
 * A provider's value in plain JavaScript: null, scalars, arrays and objects. `UNKNOWN` can be
 * anywhere in it.
 */
export type TfValue = null | boolean | number | string | Unknown | TfValue[] | { [name: string]: TfValue };
/** An object that matches a provider's schema. */
export type TfObject = { [name: string]: TfValue };

// cty marks an unknown value as extension 0, or as extension 12 if it knows something about it,
// such as its prefix.
const extensions = new ExtensionCodec();
for (const type of [0, 12]) extensions.register({ type, encode: () => null, decode: () => UNKNOWN });

/** Encodes a value as cty's msgpack. Only the parts with a dynamic type need `type`. */
export function encodeValue(value: TfValue, type: CtyType): Uint8Array {
  return encode(wire(value, type), { extensionCodec: extensions });
}

/** Decodes cty's msgpack. */
export function decodeValue(bytes: Uint8Array): TfValue {
  return decode(bytes, { extensionCodec: extensions }) as TfValue;
}

/** Whether the value is or contains an unknown. */
export function hasUnknown(value: TfValue | undefined): boolean {
  if (value instanceof Unknown) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (isObject(value)) return Object.values(value).some(hasUnknown);
  return false;
}

/** Whether the value is an object. False for arrays, null and unknowns. */
export function isObject(value: unknown): value is TfObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Unknown);
}

/**
 * Whether two values of one type are equal. Sets compare without order. An unknown equals only an
 * unknown.
 */
export function sameValue(a: TfValue | undefined, b: TfValue | undefined, type: CtyType): boolean {
  return canonical(a ?? null, type) === canonical(b ?? null, type);
}

/**
 * Whether two values of a block are equal for a provider. In blocks, providers with the older SDK
 * cannot tell an absent value from an empty one. Once one field of a block differs, their plan has
 * empty values for all absent ones.
 */
export const sameBlock = (a: TfValue | undefined, b: TfValue | undefined, type: CtyType): boolean =>
  sameValue(withoutEmpty(a ?? null), withoutEmpty(b ?? null), type);

const isEmpty = (value: TfValue): boolean =>
  ["", 0, false].includes(value as string) ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.values(value).every((inner) => inner === null));

/** A value with null for every empty one in its objects. */
function withoutEmpty(value: TfValue): TfValue {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      const inner = withoutEmpty(field);
      return [name, isEmpty(inner) ? null : inner];
    }),
  );
}

function canonical(value: TfValue, type: CtyType): string {
  if (value === null) return "null";
  if (value instanceof Unknown) return "?";
  if (Array.isArray(type)) {
    const [kind, inner] = type;
    if (kind === "object" && isObject(value)) {
      const fields = Object.entries(inner as Record<string, CtyType>).sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${fields.map(([name, t]) => `${name}:${canonical(value[name] ?? null, t)}`).join()}}`;
    }
    if (kind === "map" && isObject(value)) {
      const keys = Object.keys(value).sort();
      return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null, inner as CtyType)}`).join()}}`;
    }
    if (Array.isArray(value)) {
      const items = value.map((item, i) =>
        canonical(item, kind === "tuple" ? ((inner as CtyType[])[i] ?? "dynamic") : (inner as CtyType)),
      );
      return `[${(kind === "set" ? items.sort() : items).join()}]`;
    }
  }
  return JSON.stringify(value);
}

function wire(value: TfValue, type: CtyType): unknown {
  if (value === null) return null;
  if (value instanceof Unknown) return new ExtData(0, new Uint8Array([0]));
  if (type === "dynamic")
    return [new TextEncoder().encode(JSON.stringify(guess(value))), wire(value, guess(value))];
  if (!Array.isArray(type)) return value;
  const [kind, inner] = type;
  if (kind === "object") {
    const object = value as TfObject;
    return Object.fromEntries(
      Object.entries(inner as Record<string, CtyType>).map(([name, t]) => [
        name,
        wire(object[name] ?? null, t),
      ]),
    );
  }
  if (kind === "map") {
    return Object.fromEntries(
      Object.entries(value as TfObject).map(([key, v]) => [key, wire(v, inner as CtyType)]),
    );
  }
  return (value as TfValue[]).map((item, i) =>
    wire(item, kind === "tuple" ? ((inner as CtyType[])[i] ?? "dynamic") : (inner as CtyType)),
  );
}

function guess(value: TfValue): CtyType {
  if (Array.isArray(value)) return ["tuple", value.map(guess)];
  if (isObject(value))
    return ["object", Object.fromEntries(Object.entries(value).map(([k, v]) => [k, guess(v)]))];
  if (value === null) return "dynamic";
  return (typeof value === "boolean" ? "bool" : typeof value) as CtyType;
}
