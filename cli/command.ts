import { shownTo } from "../config/spec/message.ts";

/** The folder that the user ran the command in. The CLI itself works in the project's folder. */
export const startFolder = process.cwd();

export interface OptionSpec {
  /**
   * The flags in commander's format: `--keep <count>` takes a value, `--refresh` none, `[path]` has
   * no name, and `[words...]` takes all words that are left.
   */
  readonly flags: `--${string}` | `[${string}]`;
  readonly description: string;
  readonly default?: string;
  /** The words that are allowed. @default any */
  readonly choices?: readonly string[];
}

type Options = Readonly<Record<string, OptionSpec>>;

/**
 * The values of a command's options: text where the flags take a value, otherwise whether the
 * option was given.
 */
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends { readonly default: string }
    ? string
    : O[K]["flags"] extends `[${string}...]`
      ? readonly string[] | undefined
      : O[K]["flags"] extends `${string}<${string}` | `[${string}`
        ? string | undefined
        : boolean;
};

/**
 * A command of the CLI. `run` returns the exit code: 0 for success, 1 for a failure or a finding.
 */
export interface Command<O extends Options = Options> {
  /** Its words: `up`, or `config explain` for a command of a group. */
  readonly name: string;
  /** One line: what it does. */
  readonly summary: string;
  /** Additional explanations, after the summary. @default nothing */
  readonly details?: string;
  readonly options: O;
  readonly examples: readonly string[];
  run(values: Values<O>): Promise<number>;
}

/** Declares a command. Each command is a file of cli/commands. */
export const command = <const O extends Options>(definition: Command<O>): Command<O> => definition;

/** The option of almost every command. */
export const stackOption = {
  flags: "--stack <name>",
  description: "the stack, as in Pulumi.<name>.yaml",
  default: "dev",
} as const satisfies OptionSpec;

export const newStackOptions = {
  stack: stackOption,
  system: { flags: "--system <name>", description: "the system of a stack that has no file yet" },
  environment: {
    flags: "--environment <name>",
    description: "dev or prod, for a stack that has no file yet",
  },
} as const satisfies Options;

export const serviceOption = {
  flags: "--service <name>",
  description: "one service",
} as const satisfies OptionSpec;

export const jsonOption = { flags: "--json", description: "print JSON" } as const satisfies OptionSpec;

/** Printed lines with commands. `fileHint` may add a hint to them. */
const withCommands: string[] = [];

/** Adapts a message to the stack of the command before it is printed. */
let translate = (text: string): string => shownTo(text, { deployer: "pulumi" });

export function translatePrinted(how: (text: string) => string): void {
  translate = how;
}

/** A message with the commands that fit the stack of the command. */
export const translated = (text: string): string => translate(text);

export function print(message: string): void {
  const text = translate(message);
  withCommands.push(...text.split("\n").filter((line) => namesCommand(line)));
  process.stdout.write(`${text}\n`);
}

/** Prints JSON, which programs read. */
export const printJson = (value: unknown): void =>
  void process.stdout.write(
    `${JSON.stringify(value, (_, one) => (typeof one === "string" ? translate(one) : one), 2)}\n`,
  );

/** The printed lines that name a command which needs the stack's settings. */
export const printedCommands = (): string => withCommands.join("\n");

/** Whether a message names a command which needs the stack's settings. */
export const namesCommand = (message: string): boolean =>
  /\bSTACK=|\bpulumi config|\bragdock .*--stack\b/.test(message);
