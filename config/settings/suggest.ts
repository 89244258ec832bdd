import leven from "leven";
import { z } from "zod";
import { settings } from "./schema.ts";

/**
 * Returns the key that a misspelled key probably means, of which at most a third of the letters
 * differ.
 */
export function closest(wrong: string, keys: readonly string[]): string | undefined {
  const near = keys
    .map((key) => ({ key, distance: leven(wrong.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= Math.max(1, Math.floor(wrong.length / 3)) ? near.key : undefined;
}

/**
 * The settings that exist under a path. Returns none if the user chooses the names under the path.
 */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const schema = path.reduce<z.core.$ZodType | undefined>(
    (at, key) => at && child(plain(at), key),
    settings as z.core.$ZodType,
  );
  const object = schema && plain(schema);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

/** Returns the schema without its wrappers for defaults and short forms. */
function plain(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = isShortened(schema) ? schema._zod.def.out : (schema as z.ZodOptional)._zod.def.innerType;
  return inner ? plain(inner) : schema;
}

/** Whether a schema changes the value before it reads it. */
const isShortened = (schema: z.core.$ZodType): schema is z.ZodPipe =>
  schema instanceof z.ZodPipe && schema._zod.def.in instanceof z.ZodTransform;

function child(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[String(key)];
  if (schema instanceof z.ZodRecord) return schema._zod.def.valueType;
  if (schema instanceof z.ZodArray) return schema._zod.def.element;
  return undefined;
}

/** String() would fail for an object whose toString is not a function. */
function textOf(found: unknown): string {
  if (Array.isArray(found) && found.length === 1) return textOf(found[0]);
  return typeof found === "object" ? JSON.stringify(found) : String(found);
}

const units = { k: "KiB", m: "MiB", g: "GiB" } as const;

/**
 * Returns a valid value in place of `found`: the same value in the right type or unit if its
 * meaning is clear, otherwise the bound or the example of the issue.
 */
export function example(issue: z.core.$ZodIssue, found: unknown): string | undefined {
  const text = textOf(found);
  if (issue.code === "invalid_type") {
    if (/^(number|int)$/.test(issue.expected) && /^\d+(\.\d+)?$/.test(text)) return text;
    if (issue.expected === "boolean") return /^(no|off|false|0|n)$/i.test(text) ? "false" : "true";
  }
  if (issue.code === "invalid_value")
    return closest(text, issue.values.map(String)) ?? String(issue.values[0]);
  if (issue.code === "too_small") return String(issue.minimum);
  if (issue.code === "too_big") return String(issue.maximum);
  const sample = /such as ([^\s,]+)/.exec(issue.message)?.[1];
  return sample && (inUnit(text, sample) ?? sample);
}

/**
 * Converts `512m` to `512MiB`, or `30 sec` to `30s`, if the sample shows that the setting takes
 * such a value.
 */
function inUnit(found: string, sample: string): string | undefined {
  const [, amount, unit = ""] = /^([1-9]\d*) ?([a-z])[a-z]*$/i.exec(found) ?? [];
  if (!amount) return undefined;
  const letter = unit.toLowerCase();
  if (sample.endsWith("iB"))
    return letter in units ? `${amount}${units[letter as keyof typeof units]}` : undefined;
  return /^[smhd]$/.test(letter) && /^\d+[smhd]$/.test(sample) ? `${amount}${letter}` : undefined;
}
