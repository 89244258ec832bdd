/** A cty type in JSON: `"string"`, `["list", "string"]`, `["object", {name: "string"}]`. */
export type CtyType =
  | "string"
  | "number"
  | "bool"
  | "dynamic"
  | ["list" | "set" | "map", CtyType]
  | ["object", Record<string, CtyType>]
  | ["tuple", CtyType[]];

/** The collection type of nested blocks or objects. */
export type Nesting = "single" | "list" | "set" | "map" | "group";

/** One attribute of a block. */
export interface Attribute {
  readonly name: string;
  readonly type: CtyType;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
  readonly sensitive: boolean;
  /** The attributes inside this attribute (protocol 6). */
  readonly nested?: { readonly nesting: Nesting; readonly attributes: readonly Attribute[] };
}

/** One type of nested block. */
export interface NestedBlock {
  readonly name: string;
  readonly nesting: Nesting;
  readonly maxItems: number;
  readonly block: Block;
}

/** A block: attributes and nested blocks. */
export interface Block {
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly NestedBlock[];
}

/** The schema of one resource type, or of the provider's own configuration. */
export interface Schema {
  readonly version: number;
  readonly block: Block;
}

/** The schema of a provider. */
export interface ProviderSchema {
  readonly protocol: 5 | 6;
  readonly provider: Schema;
  readonly resources: Readonly<Record<string, Schema>>;
}

/** Returns the cty type of a whole block. */
export function typeOf(block: Block): CtyType {
  const fields: Record<string, CtyType> = {};
  for (const attribute of block.attributes) fields[attribute.name] = attribute.type;
  for (const nested of block.blocks) fields[nested.name] = nestedType(nested.nesting, typeOf(nested.block));
  return ["object", fields];
}

const NESTINGS: readonly (Nesting | undefined)[] = [undefined, "single", "list", "set", "map", "group"];

/** Reads the provider's answer to GetProviderSchema. Keeps only the parts that the engine uses. */
export function readSchema(answer: WireSchemaResponse, protocol: 5 | 6): ProviderSchema {
  const resources = Object.entries(answer.resource_schemas).map(([name, s]) => [name, schema(s)] as const);
  return { protocol, provider: schema(answer.provider), resources: Object.fromEntries(resources) };
}

/** The answer to GetProviderSchema in the format of the protocol. */
export interface WireSchemaResponse {
  readonly provider: WireSchema | null;
  readonly resource_schemas: Record<string, WireSchema>;
}
interface WireSchema {
  readonly version: number;
  readonly block: WireBlock | null;
}
interface WireBlock {
  readonly attributes: readonly WireAttribute[];
  readonly block_types: readonly {
    type_name: string;
    nesting: number;
    max_items: number;
    block: WireBlock;
  }[];
}
interface WireAttribute extends Omit<Attribute, "type" | "nested"> {
  readonly type: Uint8Array;
  readonly nested_type: { attributes: readonly WireAttribute[]; nesting: number } | null;
}

function schema(wire: WireSchema | null): Schema {
  return { version: wire?.version ?? 0, block: block(wire?.block ?? { attributes: [], block_types: [] }) };
}

function block(wire: WireBlock): Block {
  return {
    attributes: wire.attributes.map(attribute),
    blocks: wire.block_types.map((b) => ({
      name: b.type_name,
      nesting: NESTINGS[b.nesting] ?? "single",
      maxItems: b.max_items,
      block: block(b.block),
    })),
  };
}

function attribute(wire: WireAttribute): Attribute {
  const { name, required, optional, computed, sensitive } = wire;
  const flags = { name, required, optional, computed, sensitive };
  if (!wire.nested_type) return { ...flags, type: JSON.parse(Buffer.from(wire.type).toString()) as CtyType };
  const nested = {
    nesting: NESTINGS[wire.nested_type.nesting] ?? "single",
    attributes: wire.nested_type.attributes.map(attribute),
  };
  return {
    ...flags,
    nested,
    type: nestedType(nested.nesting, typeOf({ attributes: nested.attributes, blocks: [] })),
  };
}

function nestedType(nesting: Nesting, item: CtyType): CtyType {
  return nesting === "single" || nesting === "group" ? item : [nesting, item];
}
