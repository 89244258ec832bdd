import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { readSystem } from "../../config/resolve.ts";
import { askedSecrets } from "../../config/settings/app-secrets.ts";
import { ConfigError, problemLines } from "../../config/settings/problem.ts";
import { Failure } from "../../config/spec/failure.ts";
import { secretCommand, shellWord, toRun } from "../../config/spec/message.ts";
import type { Problem } from "../../config/spec/problem.ts";
import { deployerOf } from "../backends/deployer.ts";
import { writeSecret } from "../backends/secrets.ts";
import { command, print, stackOption, startFolder } from "../command.ts";
import { type EnvKey, envKeys } from "../env/keys.ts";
import { merged, planOf, planText, secretsIn, settingsIn } from "../env/plan.ts";
import { parseDotenv, valuesOf } from "../import/dotenv.ts";
import { changeSettings, stackFile, systemSetting } from "../stack-file.ts";
import { settingsOf } from "../system.ts";

export const importEnv = command({
  name: "env import",
  summary:
    "Turn the keys of a .env file into settings and secrets of a stack, and report the result for each key",
  details:
    "It prints the plan and writes nothing without --write. Values of secrets are never printed. docs/reference/env has the keys of each system",
  options: {
    file: { flags: "[file]", description: "the .env file", default: ".env" },
    stack: stackOption,
    write: { flags: "--write", description: "write the settings and secrets" },
  },
  examples: ["env import ../my-rag/.env", "env import ../my-rag/.env --stack prod --write"],
  run: async ({ file, stack, write }) => {
    const { raw, facts } = await settingsOf(stack);
    const asked = askedSecrets(raw);
    const plan = planOf(readEnv(file), keysOf(systemSetting(stack)), asked);
    if (plan.length === 0) throw new Failure(`${file} has no keys.`, "A line is NAME=value.");
    print(planText(plan));
    const changes = settingsIn(plan);
    const secrets = secretsIn(plan);
    const set = new Set([...facts.secrets, ...secrets.map(([key]) => key)]);
    const { problems } = readSystem(merged(raw, changes), { ...facts, secrets: set });
    const paths = changes.map(([path]) => `ragdock:${path.join(".")}`);
    const wrong = problems.filter(({ path }) => paths.includes(path));
    if (wrong.length > 0) throw new ConfigError(wrong);
    if (problems.length > 0) print(`\n${laterText(problems)}`);
    if (!write) {
      print(
        `\nNothing is written. To write it: ./ragdock env import ${shellWord(file)} --stack ${stack} --write`,
      );
      return 0;
    }
    changeSettings(stack, changes);
    for (const [key, value] of secrets) await keep(stack, key, value, asked);
    print(
      `\nWrote ${changes.length} settings to ${basename(stackFile(stack))}. make up STACK=${stack} delivers them.`,
    );
    return 0;
  },
});

/** What `make up` refuses with the settings of the file, such as a port that another service has. */
export const laterText = (problems: readonly Problem[]): string =>
  [
    "With these settings, make up refuses to start until you correct the following:",
    ...problems.map(problemLines),
  ].join("\n");

/**
 * The variables of a file, without those of the shell, because a file must mean the same in each
 * shell.
 */
function readEnv(file: string): Readonly<Record<string, string>> {
  const path = resolve(startFolder, file);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Failure(`${file} cannot be read.`, "Name the file: ./ragdock env import ../my-rag/.env");
  }
  return valuesOf(parseDotenv(text, path, {})) as Readonly<Record<string, string>>;
}

/** The keys of a system. A system of the user has the keys of `full`. */
const keysOf = (system: string): readonly EnvKey[] =>
  Object.hasOwn(envKeys, system) ? envKeys[system as keyof typeof envKeys] : envKeys.full;

/** Keeps a secret. Pulumi keeps the secrets of its stacks, and asks for the value itself. */
async function keep(stack: string, key: string, value: string, asked: readonly string[]): Promise<void> {
  if (deployerOf(stack) === "embedded") return writeSecret(stack, key, value, asked);
  print(`Pulumi keeps the secrets of this stack. ${toRun}${secretCommand(key)}`);
}
