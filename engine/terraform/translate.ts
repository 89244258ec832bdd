import { isMap, type Properties, reveal, secret, UNKNOWN_VALUE, type Value } from "../pulumi/values.ts";
import { isObject, type TfObject, type TfValue, UNKNOWN, Unknown } from "./cty.ts";
import type { Attribute, Block, CtyType, NestedBlock } from "./schema.ts";

// Top-level lists whose names stay in the singular in Pulumi's docker package. Nested lists are in
// the plural.
const NOT_PLURAL: ReadonlySet<string> = new Set(["command", "networks_advanced", "registry_auth"]);
// The resource option `customTimeouts` sets this. It is not a property.
const TIMEOUTS = "timeouts";

/** The position of a name in a resource. The package renames some names at the top level only. */
export type Level = "top" | "nested";

/**
 * Returns the Pulumi name of a Terraform attribute or block: camel case, with lists and sets in the
 * plural.
 */
export function pulumiName(name: string, plural: boolean, level: Level = "nested"): string {
  const worded = plural && !(level === "top" && NOT_PLURAL.has(name)) ? pluralize(name) : name;
  return worded.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Converts Pulumi properties to the provider's configuration. It has every attribute, with null for
 * an unset one.
 */
export function toConfig(block: Block, properties: Properties): TfObject {
  return blockFrom(block, reveal(properties) as Properties, "", "top");
}

/**
 * Converts a provider's state to Pulumi properties. Unset values are left out, and sensitive values
 * are secret.
 */
export function fromState(block: Block, state: TfObject, level: Level = "top"): Properties {
  const properties: Properties = {};
  for (const attribute of block.attributes) {
    const value = read(state[attribute.name] ?? null, attribute.type);
    if (value === undefined) continue;
    properties[attributeName(attribute, level)] = attribute.sensitive ? secret(value) : value;
  }
  for (const nested of block.blocks) {
    if (nested.name === TIMEOUTS) continue;
    const value = readBlocks(nested, state[nested.name] ?? null);
    if (value !== undefined) properties[blockName(nested, level)] = value;
  }
  return properties;
}

/** Returns the Terraform name of a Pulumi property, for messages and paths. */
export function terraformName(block: Block, property: string, level: Level = "top"): string | undefined {
  const attribute = block.attributes.find((a) => attributeName(a, level) === property);
  return attribute?.name ?? block.blocks.find((b) => blockName(b, level) === property)?.name;
}

/** Returns the Pulumi property of a top-level attribute or block. */
export function propertyName(block: Block, name: string): string {
  const attribute = block.attributes.find((a) => a.name === name);
  if (attribute) return attributeName(attribute, "top");
  const nested = block.blocks.find((b) => b.name === name);
  return nested ? blockName(nested, "top") : name;
}

/** Whether Pulumi shows a list of at most one block as an object. */
export const isFlattened = (nested: NestedBlock): boolean =>
  nested.nesting === "single" || nested.maxItems === 1;

function attributeName(attribute: Attribute, level: Level): string {
  return pulumiName(attribute.name, isPlural(attribute.type), level);
}

function blockName(nested: NestedBlock, level: Level): string {
  return pulumiName(nested.name, !isFlattened(nested), level);
}

/** Whether Pulumi's name of a value of this type is a plural. */
export const isPlural = (type: CtyType): boolean =>
  Array.isArray(type) && (type[0] === "list" || type[0] === "set");

function pluralize(name: string): string {
  if (/(ss|sh|ch|x)$/.test(name)) return `${name}es`;
  if (name.endsWith("s")) return name;
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return `${name}s`;
}

function blockFrom(block: Block, properties: Properties, path: string, level: Level): TfObject {
  const rest = new Set(Object.keys(properties).filter((key) => properties[key] !== null));
  const take = (name: string): Value => {
    rest.delete(name);
    return properties[name] ?? null;
  };
  const config: TfObject = {};
  for (const attribute of block.attributes) {
    const name = attributeName(attribute, level);
    config[attribute.name] = write(take(name), attribute.type, join(path, name));
  }
  for (const nested of block.blocks) {
    const name = blockName(nested, level);
    config[nested.name] = nested.name === TIMEOUTS ? null : writeBlocks(nested, take(name), join(path, name));
  }
  const stray = [...rest][0];
  if (stray !== undefined) throw new Error(`${join(path, stray)}: the resource type has no such property`);
  return config;
}

function writeBlocks(nested: NestedBlock, value: Value, path: string): TfValue {
  if (value === UNKNOWN_VALUE) return UNKNOWN;
  const single = nested.nesting === "single" || nested.nesting === "group";
  if (value === null) return single ? null : [];
  const items = Array.isArray(value) ? value : [value];
  const blocks = items.map((item, i) => {
    const at = Array.isArray(value) ? `${path}[${i}]` : path;
    if (item === UNKNOWN_VALUE) return UNKNOWN;
    if (!isMap(item)) throw new Error(`${at}: expected an object`);
    return blockFrom(nested.block, item, at, "nested");
  });
  return single ? (blocks[0] ?? null) : blocks;
}

function write(value: Value, type: CtyType, path: string): TfValue {
  if (value === null) return null;
  if (value === UNKNOWN_VALUE) return UNKNOWN;
  if (!Array.isArray(type)) return scalar(value, type, path);
  const [kind, inner] = type;
  if (kind === "object") {
    if (!isMap(value)) throw new Error(`${path}: expected an object`);
    const entries = Object.entries(inner as Record<string, CtyType>).map(([name, t]) => {
      const property = pulumiName(name, isPlural(t));
      return [name, write(value[property] ?? null, t, join(path, property))] as const;
    });
    return Object.fromEntries(entries);
  }
  if (kind === "map") {
    if (!isMap(value)) throw new Error(`${path}: expected a map`);
    const entries = Object.entries(value).map(
      ([k, v]) => [k, write(v, inner as CtyType, join(path, k))] as const,
    );
    return Object.fromEntries(entries);
  }
  if (!Array.isArray(value)) throw new Error(`${path}: expected a list`);
  return value.map((item, i) => write(item, inner as CtyType, `${path}[${i}]`));
}

// Providers are strict about scalar types and Pulumi is not: it accepts "8080" for a number.
function scalar(value: Value, type: CtyType, path: string): TfValue {
  if (type === "dynamic") return value as TfValue;
  if (typeof value === "object") throw new Error(`${path}: expected a ${String(type)}`);
  if (type === "string") return String(value);
  if (type === "bool" && (value === "true" || value === "false")) return value === "true";
  if (type === "number" && typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))) {
    return Number(value);
  }
  if (typeof value !== (type === "bool" ? "boolean" : "number"))
    throw new Error(`${path}: expected a ${String(type)}`);
  return value;
}

function readBlocks(nested: NestedBlock, value: TfValue): Value | undefined {
  if (value instanceof Unknown) return UNKNOWN_VALUE;
  if (value === null) return undefined;
  const items = (Array.isArray(value) ? value : [value]).map((item) =>
    isObject(item) ? fromState(nested.block, item, "nested") : UNKNOWN_VALUE,
  );
  return isFlattened(nested) ? items[0] : items;
}

function read(value: TfValue, type: CtyType): Value | undefined {
  if (value instanceof Unknown) return UNKNOWN_VALUE;
  if (value === null) return undefined;
  if (Array.isArray(value)) {
    const item = Array.isArray(type) && type[0] !== "object" ? (type[1] as CtyType) : "dynamic";
    return value.map((v) => read(v, item) ?? null);
  }
  if (!isObject(value)) return value;
  const fields =
    Array.isArray(type) && type[0] === "object" ? (type[1] as Record<string, CtyType>) : undefined;
  const inner = Array.isArray(type) && type[0] === "map" ? (type[1] as CtyType) : "dynamic";
  const properties: Properties = {};
  for (const [key, item] of Object.entries(value)) {
    const t = fields ? (fields[key] ?? "dynamic") : inner;
    const property = read(item, t);
    if (property !== undefined) properties[fields ? pulumiName(key, isPlural(t)) : key] = property;
  }
  return properties;
}

function join(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}
