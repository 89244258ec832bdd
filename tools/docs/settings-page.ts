import { z } from "zod";
import { settings, userSecrets } from "../../config/settings/schema.ts";
import { type Parts, table } from "../markdown.ts";

type Schema = z.core.JSONSchema.JSONSchema;

/** Returns a row for every setting under `path`, depth first. */
function rows(schema: Schema, path: string): string[][] {
  const own = path === "" ? [] : [[`\`${path}\``, kind(schema), preset(schema), schema.description ?? ""]];
  const children = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    rows(child as Schema, path === "" ? key : `${path}.${key}`),
  );
  return [
    ...own,
    ...children,
    ...below(schema.additionalProperties, `${path}.<name>`),
    ...below(schema.items, `${path}[]`),
  ];
}

/** Returns a row for every setting of the values of a record or an array of objects. */
const below = (values: Schema["items"], path: string): string[][] =>
  typeof values === "object" && "properties" in values ? rows(values, path).slice(1) : [];

function kind(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.pattern?.includes("KiB")) return "size, such as `512MiB`";
  if (schema.pattern?.includes("(s|m|h|d)")) return "duration, such as `30s`";
  const { type = "any", minimum, maximum } = schema;
  const isBounded = minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return `${type}${isBounded ? ` ${minimum} to ${maximum}` : ""}`;
}

const preset = ({ default: value }: Schema): string =>
  value === undefined || typeof value === "object" ? "" : `\`${value}\``;

/** Returns every setting of the schema, and the secrets that a user sets. */
export function settingsPage(): Parts {
  const schema = z.toJSONSchema(settings, { io: "input" });
  const secrets = Object.entries(userSecrets).map(([key, meaning]) => [`\`${key}\``, meaning]);
  return {
    settings: table(["setting", "values", "default", "meaning"], rows(schema, "")),
    secrets: table(["secret", "meaning"], secrets),
  };
}
