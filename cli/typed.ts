/** What the user of the embedded engine types in place of the commands of the Pulumi CLI. */
import { relative } from "node:path";
import { Failure } from "../config/spec/failure.ts";
import { project, projectDir } from "../host/paths.ts";
import { type DeployerName, deployerOf } from "./backends/deployer.ts";
import { stackFile } from "./stack-file.ts";

/** The stack that a message is about. */
interface Target {
  readonly stack: string;
  readonly deployer: DeployerName;
  /** The file with its settings, as messages name it. */
  readonly file: string;
}

const options = String.raw`(?: --(?:path|stack \S+))*`;
const key = String.raw`(?:'([^']+)'|([\w:-]+(?:\.[\w-]+)*))`;
/** Punctuation after a value is part of the sentence, not of the value. */
const value = String.raw`('[^']*'|[^\s;,)]*[^\s;,.)\`])`;
/** What introduces a command. It must not get into the file. */
const before = String.raw`(\b[Rr]un: | && )?`;

const setSecret = new RegExp(`\\bpulumi config set${options} --secret${options} ${key}`, "g");
const setValue = new RegExp(`${before}\\bpulumi config set${options} ${key} ${value}`, "g");
const remove = new RegExp(`${before}\\bpulumi config rm${options} ${key}`, "g");
const ofPulumiOnly = /^With the Pulumi CLI: .*\n?/gm;

/**
 * Returns a message as the user of a stack needs it. The program names commands of the Pulumi CLI.
 * The embedded engine has a command for secrets, and reads other settings from the stack's file.
 */
export function asTyped(text: string, { stack, deployer, file }: Target): string {
  if (deployer === "pulumi") return text;
  const name = (quoted?: string, bare = ""): string => quoted ?? bare;
  return text
    .replaceAll(ofPulumiOnly, "")
    .replaceAll(setSecret, (_, quoted, bare) => {
      const secret = name(quoted, bare).replace(`${project}:`, "");
      return `make secret KEY=${secret} STACK=${stack}`;
    })
    .replaceAll(setValue, (_, lead, quoted, bare, found: string) =>
      joined(lead, `set ${name(quoted, bare)} to ${found.replace(/^'(.*)'$/, "$1")} in ${file}`),
    )
    .replaceAll(remove, (_, lead, quoted, bare) => joined(lead, `remove ${name(quoted, bare)} from ${file}`));
}

function joined(lead: string | undefined, phrase: string): string {
  if (lead === " && ") return ` and ${phrase}`;
  return lead === "Run: " ? `${phrase.slice(0, 1).toUpperCase()}${phrase.slice(1)}` : phrase;
}

/** As `asTyped`, for the stack that a command is about. */
export function typedFor(stack: string, text: string): string {
  if (!text.includes("pulumi")) return text;
  const file = relative(projectDir, stackFile(stack));
  try {
    return asTyped(text, { stack, deployer: deployerOf(stack), file });
  } catch (error) {
    // The message is about the deployer itself, so it must not change.
    if (error instanceof Failure) return text;
    throw error;
  }
}
