import type { Path } from "../pulumi/paths.ts";
import { isObject, type TfObject, type TfValue, UNKNOWN } from "./cty.ts";
import type { Attribute, Block, CtyType, NestedBlock } from "./schema.ts";
import { isFlattened, isPlural, type Level, pulumiName, terraformName } from "./translate.ts";

/**
 * Returns the configuration with the prior values at a path of `ignoreChanges`, as Pulumi's bridge
 * does. If a part of the path is only on one side, nothing changes there. The same is true below
 * sets, whose elements have no index.
 */
export function withPrior(
  block: Block,
  config: TfObject,
  prior: TfObject,
  path: Path,
  level: Level = "top",
): TfObject {
  const [step, ...rest] = path;
  const name = step === "*" ? undefined : terraformName(block, String(step), level);
  const isMeant = (member: { readonly name: string }): boolean => step === "*" || member.name === name;
  const at = (from: TfObject, member: { readonly name: string }): TfValue => from[member.name] ?? null;
  return {
    ...config,
    ...Object.fromEntries([
      ...block.attributes
        .filter(isMeant)
        .map((one) => [one.name, priorAttribute(one, at(config, one), at(prior, one), rest)]),
      ...block.blocks
        .filter(isMeant)
        .map((one) => [one.name, priorBlocks(one, at(config, one), at(prior, one), rest)]),
    ]),
  };
}

/** Whether only the provider sets an attribute. A configuration with it would be refused. */
const isReadOnly = ({ computed, optional }: Attribute): boolean => computed && !optional;

function priorAttribute(attribute: Attribute, config: TfValue, prior: TfValue, path: Path): TfValue {
  // The plan keeps a computed value that is not configured.
  if (isReadOnly(attribute) || (attribute.computed && config === null)) return config;
  return priorValue(attribute.type, config, prior, path);
}

function priorValue(type: CtyType, config: TfValue, prior: TfValue, path: Path): TfValue {
  const [step, ...rest] = path;
  if (step === undefined) return prior;
  if (!Array.isArray(type)) return config;
  const [kind, inner] = type;
  if (kind === "list") return inBoth(config, prior, step, (a, b) => priorValue(inner, a, b, rest));
  if (!isObject(config) || !isObject(prior)) return config;
  const isMap = kind === "map";
  const typeOfField = (name: string): CtyType =>
    (isMap ? inner : (inner as Record<string, CtyType>)[name]) as CtyType;
  const nameOf = (name: string): string => (isMap ? name : pulumiName(name, isPlural(typeOfField(name))));
  const names = Object.keys({ ...config, ...prior }).filter((name) => step === "*" || nameOf(name) === step);
  const fields = names.map((name): [string, TfValue] => [
    name,
    priorValue(typeOfField(name), config[name] ?? null, prior[name] ?? null, rest),
  ]);
  const merged = Object.entries({ ...config, ...Object.fromEntries(fields) });
  return Object.fromEntries(isMap ? merged.filter(([, value]) => value !== null) : merged);
}

function priorBlocks(nested: NestedBlock, config: TfValue, prior: TfValue, path: Path): TfValue {
  const [step, ...rest] = path;
  if (step === undefined) return writable(nested, prior);
  const within = (steps: Path) => (a: TfValue, b: TfValue) =>
    isObject(a) && isObject(b) ? withPrior(nested.block, a, b, steps, "nested") : a;
  if (nested.nesting === "single") return within(path)(config, prior);
  if (isFlattened(nested)) return inBoth(config, prior, "*", within(path));
  return nested.nesting === "list" ? inBoth(config, prior, step, within(rest)) : config;
}

/** Blocks of a state as a configuration can have them. */
function writable({ block }: NestedBlock, value: TfValue): TfValue {
  const item = (one: TfValue): TfValue => {
    if (!isObject(one)) return one;
    const attributes = block.attributes.map((a): [string, TfValue] => [
      a.name,
      isReadOnly(a) ? null : (one[a.name] ?? null),
    ]);
    const blocks = block.blocks.map((b): [string, TfValue] => [b.name, writable(b, one[b.name] ?? null)]);
    return Object.fromEntries([...attributes, ...blocks]);
  };
  return Array.isArray(value) ? value.map(item) : item(value);
}

/** Changes the elements at an index, or all, that both lists have. */
function inBoth(
  config: TfValue,
  prior: TfValue,
  step: string | number,
  change: (config: TfValue, prior: TfValue) => TfValue,
): TfValue {
  if (!Array.isArray(config) || !Array.isArray(prior)) return config;
  return config.map((item, index) =>
    (step === "*" || step === index) && index < prior.length && item !== UNKNOWN
      ? change(item, prior[index] as TfValue)
      : item,
  );
}
