import { z } from "zod";
import { settings, userSecrets } from "../../config/settings/schema.ts";
import { line } from "./markdown.ts";

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

/** Returns docs/reference/settings.md, with every setting of the schema. */
export function settingsPage(): string {
  const schema = z.toJSONSchema(settings, { io: "input" }) as JsonSchema;
  const secrets = Object.entries(userSecrets).map(([key, meaning]) => line([`\`${key}\``, meaning]));
  return [
    "# Settings",
    "",
    "`make docs` generates this page from `config/settings/schema.ts`. Settings belong in",
    "`Pulumi.<stack>.yaml` under `ragdock:`. For example, this sets `services.api.replicas`:",
    "",
    "```yaml",
    "config:",
    "  ragdock:services:",
    "    api:",
    "      replicas: 2",
    "```",
    "",
    "Where the default is empty, the system and its environment decide. A wrong setting stops the",
    "deployment before anything changes. All wrong settings are reported together.",
    "",
    "`make explain SETTING=services.api` shows what is in effect, and what decided it. The first line of",
    "a stack's file names [stack.schema.json](stack.schema.json), with which editors complete and check",
    "settings.",
    "",
    line(["setting", "values", "default", "meaning"]),
    line(["---", "---", "---", "---"]),
    ...rows(schema, "").map(line),
    "",
    "## Secrets",
    "",
    "Set a secret with `make secret KEY=<name> < file`, or under Pulumi with `pulumi config set --secret",
    "ragdock:<name>`. The services that need it get it as a file. Ragdock generates the passwords of",
    "databases and caches.",
    "",
    line(["secret", "meaning"]),
    line(["---", "---"]),
    ...secrets,
    "",
  ].join("\n");
}
