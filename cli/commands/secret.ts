import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { askedSecrets } from "../../config/settings/app-secrets.ts";
import { readSettings } from "../../config/settings/read.ts";
import { userSecrets } from "../../config/settings/schema.ts";
import { Failure } from "../../config/spec/failure.ts";
import { secretCommand, toRun } from "../../config/spec/message.ts";
import { project } from "../../host/paths.ts";
import { deployerOf } from "../backends/deployer.ts";
import { writeSecret } from "../backends/secrets.ts";
import { command, print, stackOption } from "../command.ts";
import { readStackFile, stackFile } from "../stack-file.ts";

/**
 * The value in the text that was read. A variable of an application may begin or end with blanks.
 * One line end at the end is removed, as Pulumi does, because `echo` and editors add it.
 */
const valueIn = (input: string, isVariable: boolean): string =>
  isVariable ? input.replace(/\r?\n$/, "") : input.trim();

export const secret = command({
  name: "secret",
  summary: "Set one of your secrets from standard input",
  options: {
    stack: stackOption,
    key: {
      flags: "--key <name>",
      description: `one of ${Object.keys(userSecrets).join(", ")}, or the name of a variable that an application asks for`,
    },
  },
  examples: ["secret --key llmApiKey < key.txt"],
  run: async ({ stack, key = "" }) => {
    if (deployerOf(stack) === "pulumi")
      throw new Failure(
        `Pulumi keeps the secrets of stack "${stack}".`,
        `${toRun}${secretCommand(key || "llmApiKey")}`,
      );
    if (process.stdin.isTTY) print(`Value of ${key} (end with Ctrl-D; it shows as you type):`);
    const asked = existsSync(stackFile(stack))
      ? askedSecrets(readSettings(readStackFile(stack).values, project))
      : [];
    const value = valueIn(await text(process.stdin), asked.includes(key));
    if (value.includes("\0"))
      throw new Failure(
        "The value contains a zero byte.",
        "A variable cannot have one. Encode it first, as base64 does.",
      );
    if (!value)
      throw new Failure("The value is empty.", `Give it on standard input: make secret KEY=${key} < file`);
    await writeSecret(stack, key, value, asked);
    print(`${key} is set for stack "${stack}". make up STACK=${stack} passes it to its services.`);
    return 0;
  },
});
