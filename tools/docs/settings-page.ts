import { z } from "zod";
import { settings, userSecrets } from "../../config/settings/schema.ts";
import { type Parts, table } from "../markdown.ts";

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

/** Returns a row for every setting under `path`, depth first. */
function rows(schema: JsonSchema, path: string): string[][] {
  const own = path === "" ? [] : [[`\`${path}\``, kind(schema), preset(schema), schema.description ?? ""]];
  const children = Object.entries(schema.properties ?? {}).flatMap(([key, child]) =>
    rows(child, path === "" ? key : `${path}.${key}`),
  );
  const named =
    typeof schema.additionalProperties === "object" && schema.additionalProperties.properties
      ? rows(schema.additionalProperties, `${path}.<name>`).slice(1)
      : [];
  const listed = schema.items?.properties ? rows(schema.items, `${path}[]`).slice(1) : [];
  return [...own, ...children, ...named, ...listed];
}

function kind(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.pattern?.includes("KiB")) return "size, such as `512MiB`";
  if (schema.pattern?.includes("(s|m|h|d)")) return "duration, such as `30s`";
  const bounds =
    schema.minimum !== undefined && schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER
      ? ` ${schema.minimum} to ${schema.maximum}`
      : "";
  return `${schema.type ?? "any"}${bounds}`;
}

function preset(schema: JsonSchema): string {
  const value = schema.default;
  if (value === undefined || typeof value === "object") return "";
  return `\`${value}\``;
}

/** Returns every setting of the schema, and the secrets that a user sets. */
export function settingsPage(): Parts {
  const schema = z.toJSONSchema(settings, { io: "input" }) as JsonSchema;
  const secrets = Object.entries(userSecrets).map(([key, meaning]) => [`\`${key}\``, meaning]);
  return {
    settings: table(["setting", "values", "default", "meaning"], rows(schema, "")),
    secrets: table(["secret", "meaning"], secrets),
  };
}
