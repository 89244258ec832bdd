import { isObject, sameValue, type TfObject, type TfValue, Unknown } from "./cty.ts";
import type { Attribute, Block, NestedBlock, Nesting } from "./schema.ts";
import { typeOf } from "./schema.ts";

/**
 * Returns the proposed state for the provider's plan. It has the configured values, and prior
 * computed values wherever nothing is configured. Nested blocks of lists match by index, those of
 * maps by key. A configured element of a set matches the first prior element that could be its
 * result.
 */
export function proposedState(block: Block, prior: TfObject | null, config: TfObject): TfObject {
  const proposed = attributes(block.attributes, prior, config);
  for (const nested of block.blocks) {
    proposed[nested.name] = blocks(nested, prior?.[nested.name] ?? null, config[nested.name] ?? null);
  }
  return proposed;
}

function attributes(all: readonly Attribute[], prior: TfObject | null, config: TfObject): TfObject {
  const proposed: TfObject = {};
  for (const attribute of all) {
    const before = prior?.[attribute.name] ?? null;
    const wanted = config[attribute.name] ?? null;
    if (attribute.computed && wanted === null) {
      proposed[attribute.name] = wasConfigured(attribute, before) ? null : before;
    } else if (attribute.nested) {
      const inner: Block = { attributes: attribute.nested.attributes, blocks: [] };
      proposed[attribute.name] = nestedValue(attribute.nested.nesting, inner, before, wanted);
    } else {
      proposed[attribute.name] = wanted;
    }
  }
  return proposed;
}

// A prior value with a part that the provider cannot compute was configured. It is now unset, so it
// is dropped.
function wasConfigured(attribute: Attribute, prior: TfValue): boolean {
  if (!attribute.optional || !attribute.nested) return false;
  const fixed = attribute.nested.attributes.filter((inner) => !inner.computed);
  const items = Array.isArray(prior) ? prior : [prior];
  return items.some((item) => isObject(item) && fixed.some((inner) => (item[inner.name] ?? null) !== null));
}

function blocks(nested: NestedBlock, prior: TfValue, config: TfValue): TfValue {
  return nestedValue(nested.nesting, nested.block, prior, config);
}

function nestedValue(nesting: Nesting, block: Block, prior: TfValue, config: TfValue): TfValue {
  if (config === null || config instanceof Unknown) return config;
  if (nesting === "single" || nesting === "group") return item(block, prior, config);
  if (nesting === "map") {
    const before = isObject(prior) ? prior : {};
    return Object.fromEntries(
      Object.entries(config as TfObject).map(([key, value]) => [
        key,
        item(block, before[key] ?? null, value),
      ]),
    );
  }
  const before = Array.isArray(prior) ? prior : [];
  if (nesting === "list")
    return (config as TfValue[]).map((value, i) => item(block, before[i] ?? null, value));
  const free = [...before];
  return (config as TfValue[]).map((value) => {
    const match = free.findIndex((candidate) => couldBecome(block, value, candidate));
    return item(block, match < 0 ? null : (free.splice(match, 1)[0] ?? null), value);
  });
}

function item(block: Block, prior: TfValue, config: TfValue): TfValue {
  return isObject(config) ? proposedState(block, isObject(prior) ? prior : null, config) : config;
}

/** Whether the prior element is the configured one plus computed values only. */
function couldBecome(block: Block, config: TfValue, prior: TfValue): boolean {
  if (!isObject(config) || !isObject(prior)) return false;
  const attributesFit = block.attributes.every((attribute) => {
    const wanted = config[attribute.name] ?? null;
    const before = prior[attribute.name] ?? null;
    return sameValue(wanted, before, attribute.type) || (attribute.computed && wanted === null);
  });
  return (
    attributesFit &&
    block.blocks.every((nested) => {
      const wanted = config[nested.name] ?? null;
      const before = prior[nested.name] ?? null;
      const [, fields] = typeOf({ attributes: [], blocks: [nested] }) as ["object", Record<string, never>];
      if (sameValue(wanted, before, fields[nested.name] ?? "dynamic")) return true;
      if (nested.nesting === "set" || !Array.isArray(wanted) || !Array.isArray(before)) return false;
      return (
        wanted.length === before.length &&
        wanted.every((w, i) => couldBecome(nested.block, w, before[i] ?? null))
      );
    })
  );
}
