import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Command, OptionSpec } from "../../cli/command.ts";
import { groups } from "../../cli/commands/index.ts";
import { projectDir } from "../../host/paths.ts";
import { table } from "./markdown.ts";

/**
 * Returns docs/reference/commands.md, with every command and its options, from the CLI's
 * definitions.
 */
export function commandsPage(): string {
  return [
    "# Commands",
    "",
    "`make docs` generates this page from the commands of `cli/commands/`. `./ragdock <command> --help`",
    "prints the same for one command. Most commands have a `make` target of the same name, which takes",
    "options as variables: `make up STACK=prod` runs `./ragdock up --stack prod`. `make help` lists the",
    "targets.",
    "",
    "Environment variables:",
    "",
    table(
      ["variable", "meaning"],
      [
        ["`DEPLOYER`", "`pulumi` or `embedded`: what applies the program for a new stack"],
        ["`DOCKER_HOST`, `DOCKER_CONTEXT`", "the Docker host, as for the docker CLI"],
        ["`PULUMI_CONFIG_PASSPHRASE`, `PULUMI_CONFIG_PASSPHRASE_FILE`", "the passphrase of the local state"],
        ["`XDG_STATE_HOME`", "the folder above `ragdock`, where local state is kept"],
      ],
    ),
    "",
    "```",
    help(),
    "```",
    "",
    ...Object.entries(groups).flatMap(([heading, commands]) => [
      `## ${heading.replace(/:$/, "")}`,
      "",
      ...commands.flatMap(section),
    ]),
  ].join("\n");
}

/** Returns the help of the whole CLI, with the options of all commands and the exit codes. */
const help = (): string =>
  execFileSync(process.execPath, [join(projectDir, "cli", "main.ts"), "--help"], { encoding: "utf8" }).trim();

function section({ name, summary, details, options, examples }: Command): string[] {
  const rows = Object.values(options).map((option) => [`\`${option.flags}\``, meaning(option)]);
  return [
    `### ${name}`,
    "",
    `${summary}.${details ? ` ${details}.` : ""}`,
    "",
    ...(rows.length > 0 ? [table(["option", "meaning"], rows), ""] : []),
    "```console",
    ...examples.map((line) => `$ ./ragdock ${line}`),
    "```",
    "",
  ];
}

/** Returns an option's description. Escapes angle brackets, which Markdown would read as HTML. */
function meaning({ description, default: preset }: OptionSpec): string {
  const text = description.replaceAll("<", "\\<");
  return preset === undefined ? text : `${text} (default: \`${preset}\`)`;
}
