import { join } from "node:path";
import { execaSync } from "execa";
import type { Command, OptionSpec } from "../../cli/command.ts";
import { groups } from "../../cli/commands/index.ts";
import { projectDir } from "../../host/paths.ts";
import { type Parts, table } from "../markdown.ts";

/**
 * Returns the help of the whole CLI, and every command with its options, from the CLI's
 * definitions.
 */
export function commandsPage(): Parts {
  const help = execaSync(process.execPath, [join(projectDir, "cli", "main.ts"), "--help"]).stdout.trim();
  const commands = Object.entries(groups).flatMap(([heading, commands]) => [
    `## ${heading.replace(/:$/, "")}`,
    ...commands.flatMap(section),
  ]);
  return { help: `\`\`\`\n${help}\n\`\`\``, commands: commands.join("\n\n") };
}

function section({ name, summary, details, options, examples }: Command): string[] {
  const rows = Object.values(options).map((option) => [`\`${option.flags}\``, meaning(option)]);
  return [
    `### ${name}`,
    `${summary}.${details ? ` ${details}.` : ""}`,
    ...(rows.length > 0 ? [table(["option", "meaning"], rows)] : []),
    ["```console", ...examples.map((line) => `$ ./ragdock ${line}`), "```"].join("\n"),
  ];
}

/** Returns an option's description. Escapes angle brackets, which Markdown would read as HTML. */
function meaning({ description, default: preset, choices }: OptionSpec): string {
  const words = choices ? `${description}: ${choices.join(", ")}` : description;
  const text = words.replaceAll("<", "\\<");
  return preset === undefined ? text : `${text} (default: \`${preset}\`)`;
}
