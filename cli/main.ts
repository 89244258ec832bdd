import { Command as Commander, CommanderError, Option } from "commander";
import { Failure } from "../config/spec/failure.ts";
import { requireStackName } from "../config/spec/stack.ts";
import { useDocker } from "../host/docker.ts";
import { projectDir } from "../host/paths.ts";
import { type Command, printedCommands, translated, translatePrinted } from "./command.ts";
import { groups } from "./commands/index.ts";
import { requireTarget } from "./on-swarm.ts";
import { shownFor } from "./reader.ts";
import { dockerSettingsOf, fileHint, stackHint, useConfigFile } from "./stack-file.ts";

const usageError = 2;

function commandLine(): Commander {
  const program = new Commander("ragdock")
    .description("Runs a complete RAG service on a Docker host.")
    .option("--config-file <path>", "the stack's settings file, instead of Pulumi.<stack>.yaml")
    .hook("preAction", async (_, action) => {
      const { configFile, stack } = action.optsWithGlobals<{ configFile?: string; stack?: string }>();
      if (stack !== undefined) requireStackName(stack);
      named = stack;
      if (configFile !== undefined) useConfigFile(configFile);
      if (stack !== undefined) translatePrinted((text) => shownFor(stack, text));
      await useDocker(stack ? dockerSettingsOf(stack) : {});
      // Paths of build contexts are relative to the project.
      process.chdir(projectDir);
    })
    .addHelpText("after", exitCodes)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const command of commands) parentOf(program, command).addCommand(subcommand(command));
  }
  return program;
}

const exitCodes = `
Exit codes: 0 success; 1 failure, or something was found (drift, health, status); 2 invalid command line.
\`ragdock COMMAND --help\` explains a command. \`make COMMAND\` runs the same command, with options as variables: make logs SERVICE=api`;

/** The program, or the group that `config explain` belongs to. */
function parentOf(program: Commander, { name }: Command): Commander {
  const [group = "", ...rest] = name.split(" ");
  if (rest.length === 0) return program;
  const existing = program.commands.find((one) => one.name() === group);
  return existing ?? program.command(group).summary(`Commands: ${group} --help`).exitOverride();
}

function subcommand(command: Command): Commander {
  const sub = new Commander(command.name.split(" ").at(-1))
    .description(command.details ? `${command.summary}. ${command.details}` : command.summary)
    .summary(command.summary)
    .exitOverride()
    .allowExcessArguments(false);
  const positional = Object.keys(command.options).filter((name) =>
    command.options[name]?.flags.startsWith("["),
  );
  for (const { flags, description, default: preset, choices } of Object.values(command.options)) {
    if (flags.startsWith("[")) sub.argument(flags, description, preset);
    else if (choices) sub.addOption(new Option(flags, description).default(preset).choices(choices));
    else sub.option(flags, description, preset);
  }
  if (command.examples.length > 0)
    sub.addHelpText(
      "after",
      `\nExamples:\n${command.examples.map((line) => `  $ ragdock ${line}`).join("\n")}`,
    );
  const names = Object.keys(command.options);
  return sub.action(async () => {
    const words = Object.fromEntries(positional.map((name, index) => [name, sub.processedArgs[index]]));
    const given: Record<string, string | boolean | string[] | undefined> = { ...sub.opts(), ...words };
    const values = Object.fromEntries(
      names.map((name) => {
        const { flags = "", default: preset } = command.options[name] ?? {};
        // For `--no-cache`, commander sets `cache` to false.
        if (flags.startsWith("--no-")) return [name, given[flags.slice("--no-".length)] === false];
        return [name, /[<[]/.test(flags) ? given[name] || preset : given[name] === true];
      }),
    );
    if (typeof values.stack === "string") requireTarget(command.name, values.stack);
    process.exitCode = await command.run(values as never);
  });
}

// A reader of a pipe, such as head, may end before the output does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

/** The stack of the command. */
let named: string | undefined;

/** The commands that take a stack. */
const ofStacks = Object.values(groups).flatMap((commands) =>
  commands.flatMap(({ name, options }) => ("stack" in options ? [name] : [])),
);

let failure = "";
try {
  await commandLine().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : usageError;
  else {
    process.exitCode = 1;
    const text =
      error instanceof Failure ? `${error.message}\n${error.advice}` : ((error as Error).stack ?? error);
    failure = translated(String(text));
    const hint = named === undefined ? "" : stackHint(named, failure, ofStacks);
    if (hint) failure += `\n${hint}`;
    process.stderr.write(`\n${failure}\n`);
  }
}
const hint = fileHint(`${printedCommands()}\n${failure}`);
if (hint) process.stderr.write(`${hint}\n`);
