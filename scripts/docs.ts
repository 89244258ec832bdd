/**
 * Writes the generated parts of docs/ and README.md: the settings from the schema, the picture from the services.
 * `--check` writes nothing and ends with exit code 1 when a part is not current.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { load } from "../config/load.ts";
import { settings, userSecrets } from "../config/schema.ts";
import { isLongRunning, type ServiceSpec } from "../config/service.ts";
import { projectDir } from "./place.ts";

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

/** Every setting under `path`, depth first. */
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

const line = (cells: readonly string[]): string =>
  `| ${cells.map((c) => c.replaceAll("|", "\\|")).join(" | ")} |`;

function settingsPage(): string {
  const schema = z.toJSONSchema(settings, { io: "input" }) as JsonSchema;
  const secrets = Object.entries(userSecrets).map(([key, words]) => line([`\`${key}\``, words]));
  return [
    "# Settings",
    "",
    "Generated from `config/schema.ts` by `make docs`. All stand in `Pulumi.<stack>.yaml` under `ragdock:`, so that",
    "`services.api.replicas` is written",
    "",
    "```yaml",
    "config:",
    "  ragdock:services:",
    "    api:",
    "      replicas: 2",
    "```",
    "",
    "An empty default means that the system decides, by its environment. A wrong setting stops everything before anything",
    "is touched, and all wrong ones are reported at once.",
    "",
    line(["setting", "values", "default", "meaning"]),
    line(["---", "---", "---", "---"]),
    ...rows(schema, "").map(line),
    "",
    "## Secrets",
    "",
    "Set with `pulumi config set --secret ragdock:<name>`, or `make secret KEY=<name>` under the embedded engine; delivered",
    "as files. Passwords of the stores are generated and need no setting.",
    "",
    line(["secret", "meaning"]),
    line(["---", "---"]),
    ...secrets,
    "",
  ].join("\n");
}

/** The stack as a Mermaid picture: networks as boxes, start order as arrows. */
function picture(): string {
  const system = load({}, { project: "ragdock", stack: "dev", secrets: new Set(), host: {} });
  const id = (name: string): string => name.replaceAll("-", "_");
  const label = (s: ServiceSpec): string => {
    const port =
      isLongRunning(s) && s.endpoint && s.endpoint.exposure !== "none" ? `<br/>:${s.endpoint.host}` : "";
    const shape = `${s.name}${port}`;
    if (s.kind === "store") return `${id(s.name)}[("${shape}")]`;
    return s.kind === "job" ? `${id(s.name)}{{"${shape}"}}` : `${id(s.name)}["${shape}"]`;
  };
  const on = (test: (s: ServiceSpec) => boolean): string[] =>
    system.services.filter(test).map((s) => `    ${label(s)}`);
  const both = (s: ServiceSpec): boolean => s.networks.length === 2;
  return [
    "```mermaid",
    "flowchart LR",
    "  person((you)) --> gateway",
    '  subgraph frontend["frontend: leads out, carries published ports"]',
    ...on((s) => !both(s) && s.networks[0] === "frontend"),
    "  end",
    '  subgraph edge["on both networks"]',
    ...on(both),
    "  end",
    '  subgraph backend["backend: no way out"]',
    ...on((s) => !both(s) && s.networks[0] === "backend"),
    "  end",
    ...system.services.flatMap((s) => s.after.map((other) => `  ${id(s.name)} --> ${id(other)}`)),
    "```",
  ].join("\n");
}

/** `text` with the part between the markers replaced. */
function insert(text: string, marker: string, part: string): string {
  const pattern = new RegExp(`(<!-- ${marker} -->\n)[\\s\\S]*?(<!-- /${marker} -->)`);
  if (!pattern.test(text)) throw new Error(`README.md has no markers for ${marker}`);
  return text.replace(pattern, (_, open: string, close: string) => `${open}${part}\n${close}`);
}

const readme = readFileSync(join(projectDir, "README.md"), "utf8");
const wanted = { "docs/settings.md": settingsPage(), "README.md": insert(readme, "picture", picture()) };
const check = process.argv.includes("--check");
for (const [file, text] of Object.entries(wanted)) {
  const path = join(projectDir, file);
  let current = "";
  try {
    current = readFileSync(path, "utf8");
  } catch {
    // The file is about to be made for the first time.
  }
  if (current === text) continue;
  if (check) {
    process.exitCode = 1;
    process.stderr.write(`${file} is not current: run \`make docs\` and commit it.\n`);
  } else {
    writeFileSync(path, text);
    process.stdout.write(`wrote ${file}\n`);
  }
}
