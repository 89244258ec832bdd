import { relative } from "node:path";
import { shellWord } from "../../../config/spec/message.ts";
import { projectDir } from "../../../host/paths.ts";
import type { WrittenStack } from "./stack.ts";

/** The facts that the next steps contain. */
export interface StepFacts {
  readonly stack: string;
  /** The path of the settings file. */
  readonly file: string;
  /** The Compose file as the user named it, as a shell needs it. */
  readonly given: string;
  /** What the settings still lack, as problems of the stack. */
  readonly problems: readonly string[];
}

/** What is left to the user, with the commands. */
export function nextSteps(written: WrittenStack, { stack, file, given, problems }: StepFacts): string {
  const on = makeOptions(stack, file);
  const lines = [
    ...section(
      "Before the first start, correct the settings",
      problems.map((text) => `  ${text}`),
    ),
    ...section(
      "Look at these",
      written.todos.flatMap(({ service, text, command }) => [
        `  ${service ? `${service}: ` : ""}${text}`,
        ...(command ? [`    $ ${command.replaceAll("STACK={{stack}}", on)}`] : []),
      ]),
    ),
    ...section(
      "Set your secrets. Each command reads the value from standard input",
      written.asked.map((key) => `  $ make secret ${on} KEY=${key}`),
    ),
    ...section(
      "Copy the data that you have. The old volumes and folders stay",
      written.existing.length > 0
        ? [
            `  $ ./ragdock import ${given} --stack ${stack} --data        # while the project and the stack are stopped`,
          ]
        : [],
    ),
    ...section("Start it", [`  $ make up ${on}`]),
  ];
  return ["Next steps", ...lines].join("\n");
}

/** The options of make for a stack whose settings are elsewhere. */
export const makeOptions = (stack: string, file: string): string =>
  `STACK=${stack} CONFIG_FILE=${shellWord(relative(projectDir, file))}`;

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ["", `${title}:`, ...lines];
