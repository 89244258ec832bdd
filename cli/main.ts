import { parseArgs } from "node:util";
import { ConfigError } from "../config/settings/problem.ts";
import { Failure } from "../host/failure.ts";
import type { Command } from "./command.ts";
import { commands } from "./commands/index.ts";

/** `node cli/main.ts COMMAND [--stack NAME] …`: what `make` calls. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stack: { type: "string", default: "dev" },
      service: { type: "string", default: "" },
      system: { type: "string", default: "" },
      environment: { type: "string", default: "" },
      confirm: { type: "string", default: "" },
      from: { type: "string", default: "" },
      keep: { type: "string", default: "" },
      version: { type: "string", default: "" },
      key: { type: "string", default: "" },
      secret: { type: "string", default: "" },
      refresh: { type: "boolean", default: false },
      "show-secrets": { type: "boolean", default: false },
    },
  });
  const name = positionals[0] ?? "help";
  const command: Command | undefined = commands[name];
  if (!command)
    throw new Failure(`There is no command "${name}".`, `Commands: ${Object.keys(commands).join(", ")}.`);
  return command({
    stack: values.stack,
    service: values.service,
    system: values.system,
    environment: values.environment,
    confirm: values.confirm,
    from: values.from,
    keep: values.keep,
    version: values.version,
    key: values.key,
    secret: values.secret,
    refresh: values.refresh,
    showSecrets: values["show-secrets"],
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = 1;
  if (error instanceof Failure) process.stderr.write(`\n${error.message}\n${error.advice}\n`);
  else if (error instanceof ConfigError) process.stderr.write(`\n${error.message}\n`);
  else process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
}
