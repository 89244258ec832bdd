import { text } from "node:stream/consumers";
import { userSecrets } from "../../config/settings/schema.ts";
import { Failure } from "../../config/spec/failure.ts";
import { project } from "../../host/paths.ts";
import { deployerOf } from "../backends/deployer.ts";
import { writeSecret } from "../backends/secrets.ts";
import { command, print, stackOption } from "../command.ts";

export const secret = command({
  name: "secret",
  summary: "Set one of your secrets from standard input",
  options: {
    stack: stackOption,
    key: { flags: "--key <name>", description: `one of ${Object.keys(userSecrets).join(", ")}` },
  },
  examples: ["secret --key llmApiKey < key.txt"],
  run: async ({ stack, key = "" }) => {
    if (deployerOf(stack) === "pulumi")
      throw new Failure(
        `Pulumi keeps the secrets of stack "${stack}".`,
        `Run: pulumi config set --secret --stack ${stack} ${project}:${key || "llmApiKey"}`,
      );
    if (process.stdin.isTTY) print(`Value of ${key} (end with Ctrl-D; it shows as you type):`);
    const value = (await text(process.stdin)).trim();
    if (!value)
      throw new Failure("The value is empty.", `Give it on standard input: make secret KEY=${key} < file`);
    await writeSecret(stack, key, value);
    print(`${key} is set for stack "${stack}". make up STACK=${stack} delivers it.`);
    return 0;
  },
});
