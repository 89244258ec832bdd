/**
 * Messages name changes of settings as values, because what users type depends on what deploys their
 * stack. `shownTo` turns a message into the text that they read.
 */

/** One change of the settings of a stack. Paths are without `ragdock:`, unless another package has them. */
type Change =
  | { readonly set: string; readonly value: string }
  | { readonly remove: string }
  | { readonly secret: string };

/** A part of a message that depends on its reader. */
type Part =
  | Change
  /** Words that lead to a command. They are left out before a change that is no command. */
  | { readonly lead: "Run: " | "run: " | " && " }
  /** Begins or ends a text that only users of the Pulumi CLI need. */
  | { readonly pulumiOnly: "begin" | "end" }
  /** The file with the settings of the stack. */
  | { readonly file: true };

/** They begin and end with a control character, which JSON has none of. */
const [open, close] = ["\u0002ragdock ", "\u0003"];
const marked = new RegExp(`${open}([^${close}]*)${close}`);

const part = (value: Part): string => `${open}${JSON.stringify(value)}${close}`;

/** Sets the setting at `path`. @param value as a shell needs it */
export const setCommand = (path: string, value: string): string => part({ set: path, value });

/** Removes the setting at `path`. */
export const removeCommand = (path: string): string => part({ remove: path });

/** Sets a secret of the user. */
export const secretCommand = (key: string): string => part({ secret: key });

/** "Run: ", before one of the functions above at the start of a sentence. */
export const toRun = part({ lead: "Run: " });

/** "run: ", before one of them within a sentence. */
export const alsoRun = part({ lead: "run: " });

/** " && ", between two of them. */
export const and = part({ lead: " && " });

/** A text that only users of the Pulumi CLI need. */
export const pulumiOnly = (text: string): string =>
  `${part({ pulumiOnly: "begin" })}${text}${part({ pulumiOnly: "end" })}`;

/** A word of a command as a shell needs it: quoted if it has other characters than those of a path. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** The name of the file with the settings of the stack. */
export const settingsFile = part({ file: true });

/** Who reads a message. */
export interface Reader {
  /** What deploys the stack. `program` is another Pulumi program, which contains the settings. */
  readonly deployer: "pulumi" | "embedded" | "program";
  /** @default the commands name no stack */
  readonly stack?: string;
  /** The file with its settings. @default Pulumi.<stack>.yaml */
  readonly file?: string;
}

/** The environment variable with the reader of the program's messages, as JSON. */
export const readerVariable = "RAGDOCK_READER";

/** Whether a message depends on its reader. */
export const hasReader = (message: string): boolean => marked.test(message);

/** Returns a message as its reader needs it: with commands of the Pulumi CLI, or lines of the file. */
export function shownTo(message: string, reader: Reader): string {
  let shown = "";
  let lead = "";
  let isLeftOut = false;
  for (const [index, text] of message.split(marked).entries()) {
    const value: Part | undefined = index % 2 === 1 ? JSON.parse(text) : undefined;
    if (value && "pulumiOnly" in value)
      isLeftOut = value.pulumiOnly === "begin" && reader.deployer !== "pulumi";
    else if (isLeftOut || text === "") continue;
    else if (value && "lead" in value) lead = value.lead;
    else {
      shown +=
        value === undefined
          ? lead + text
          : "file" in value
            ? lead + fileOf(reader)
            : led(lead, value, reader);
      lead = "";
    }
  }
  return shown;
}

const fileOf = ({ deployer, file, stack = "<stack>" }: Reader): string =>
  deployer === "program" ? "the settings of RagService" : (file ?? `Pulumi.${stack}.yaml`);

function led(lead: string, change: Change, reader: Reader): string {
  if (reader.deployer === "pulumi") return lead + pulumiCommand(change, reader);
  const isProgram = reader.deployer === "program";
  if ("secret" in change && !isProgram)
    return `${lead}make secret KEY=${change.secret} STACK=${reader.stack ?? "dev"}`;
  const file = fileOf(reader);
  const named = isProgram ? (path: string) => path : fullKey;
  const phrase =
    "secret" in change
      ? `pass ${change.secret} in the secrets of RagService`
      : "set" in change
        ? `set ${named(change.set)} to ${change.value.replace(/^'(.*)'$/, "$1")} in ${file}`
        : `remove ${named(change.remove)} from ${file}`;
  if (lead === " && ") return ` and ${phrase}`;
  return lead === "Run: " ? `${phrase.slice(0, 1).toUpperCase()}${phrase.slice(1)}` : phrase;
}

function pulumiCommand(change: Change, { stack }: Reader): string {
  const options = stack === undefined ? "" : ` --stack ${stack}`;
  if ("secret" in change) return `pulumi config set${options} --secret ${fullKey(change.secret)}`;
  const path = "set" in change ? change.set : change.remove;
  const key = /[.[]/.test(path) ? ` --path '${fullKey(path)}'` : ` ${fullKey(path)}`;
  return "set" in change
    ? `pulumi config set${options}${key} ${change.value}`
    : `pulumi config rm${options}${key}`;
}

/** The key as the file has it. Only keys of other packages name their package. */
const fullKey = (path: string): string => (/^\w+:/.test(path) ? path : `ragdock:${path}`);
