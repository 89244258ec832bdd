import { explain } from "../../config/explain.ts";
import { fileSchema } from "../../config/settings/file-schema.ts";
import { Failure } from "../../config/spec/failure.ts";
import { command, jsonOption, print, printJson, stackOption } from "../command.ts";
import { settingsOf } from "../system.ts";
import { table } from "../ui/text.ts";

export const explainConfig = command({
  name: "config explain",
  summary: "Show the settings in effect, and what decided each: you, the environment or the system",
  options: {
    path: { flags: "[path]", description: "a setting or a block of settings", default: "" },
    stack: stackOption,
    json: jsonOption,
  },
  examples: [
    "config explain services.api",
    "config explain --stack prod monitoring",
    "config explain --json",
  ],
  run: async ({ path, stack, json }) => {
    const { raw, facts } = await settingsOf(stack);
    const found = explain(raw, facts, path.replace(/^ragdock:/, ""));
    if (found.length === 0)
      throw new Failure(
        `Stack "${stack}" has no setting ${path}.`,
        "See all settings that it has: ./ragdock config explain",
      );
    const rows = found.map((one) => [one.path, shown(one.value), one.from]);
    if (json) printJson(found);
    else print(table(["SETTING", "VALUE", "DECIDED BY"], rows));
    return 0;
  },
});

export const schema = command({
  name: "schema",
  summary: "Print the JSON schema of a stack's file",
  details:
    "Editors with the YAML language server use docs/reference/stack.schema.json, which has the same content, through the first line of a stack's file",
  options: {},
  examples: ["schema > stack.schema.json"],
  run: async () => {
    printJson(fileSchema());
    return 0;
  },
});

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
