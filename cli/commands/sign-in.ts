import { text } from "node:stream/consumers";
import { accessRoles } from "../../config/spec/access.ts";
import { Failure } from "../../config/spec/failure.ts";
import { setCommand, toRun } from "../../config/spec/message.ts";
import { inAuth } from "../auth.ts";
import { command, jsonOption, stackOption } from "../command.ts";

/** Runs a command of the sign-in, which prints its own messages. Returns its exit code. */
async function run(stack: string, words: readonly string[], input = ""): Promise<number> {
  const code = await inAuth(stack, words, input);
  if (code !== undefined) return code;
  throw new Failure(
    `Stack "${stack}" runs no sign-in.`,
    `${toRun}${setCommand("ingress.signIn.users", "true")}; then: make up STACK=${stack}`,
  );
}

/** Reads a password from the terminal without showing it, or the first line of standard input. */
async function password(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split("\n")[0] ?? "";
  process.stderr.write("Password: ");
  process.stdin.setRawMode(true);
  let typed = "";
  for await (const part of process.stdin) {
    for (const key of String(part)) {
      if (key === "\r" || key === "\n") return ended(typed);
      if (key === "\u0003") return ended("");
      typed = key === "\u007f" || key === "\b" ? typed.slice(0, -1) : typed + key;
    }
  }
  return ended(typed);
}

function ended(typed: string): string {
  process.stdin.setRawMode(false);
  process.stdin.pause();
  process.stderr.write("\n");
  return typed;
}

const nameOption = { flags: "[name]", description: "the person's name, such as anna" } as const;

const roleOption = {
  flags: "--role <role>",
  description: "reader: ask; editor: also upload; admin: everything",
  choices: accessRoles,
} as const;

const generateOption = {
  flags: "--generate",
  description: "generate a password, and print it once",
} as const;

const keyName = { flags: "--name <name>", description: "the key's name, such as ci" } as const;

function required(value: string | undefined, flag: string, example: string): string {
  if (value) return value;
  throw new Failure(`${flag} is missing.`, `Example: ./ragdock ${example}`);
}

export const addUser = command({
  name: "users add",
  summary: "Add a person who signs in with a password",
  details: "Reads the password from the terminal, or from standard input",
  options: {
    stack: stackOption,
    name: nameOption,
    role: { ...roleOption, default: "reader" },
    generate: generateOption,
  },
  examples: ["users add anna --role editor", "users add anna --generate"],
  run: async ({ stack, name, role, generate }) => {
    const who = required(name, "The name", "users add anna --role editor");
    const words = ["users", "add", who, "--role", role];
    return generate ? run(stack, [...words, "--generate"]) : run(stack, words, await password());
  },
});

export const userPassword = command({
  name: "users password",
  summary: "Give a person another password. This ends the person's sessions",
  options: {
    stack: stackOption,
    name: nameOption,
    generate: generateOption,
  },
  examples: ["users password anna"],
  run: async ({ stack, name, generate }) => {
    const words = ["users", "password", required(name, "The name", "users password anna")];
    return generate ? run(stack, [...words, "--generate"]) : run(stack, words, await password());
  },
});

export const userRole = command({
  name: "users role",
  summary: "Give a person another role",
  options: { stack: stackOption, name: nameOption, role: roleOption },
  examples: ["users role anna --role admin"],
  run: async ({ stack, name, role }) => {
    const example = "users role anna --role admin";
    return run(stack, [
      "users",
      "role",
      required(name, "The name", example),
      required(role, "--role", example),
    ]);
  },
});

export const removeUser = command({
  name: "users remove",
  summary: "Remove a person. It ends the person's sessions",
  options: { stack: stackOption, name: nameOption },
  examples: ["users remove anna"],
  run: async ({ stack, name }) =>
    run(stack, ["users", "remove", required(name, "The name", "users remove anna")]),
});

export const listUsers = command({
  name: "users list",
  summary: "Show the people who sign in with a password",
  options: { stack: stackOption },
  examples: ["users list"],
  run: async ({ stack }) => run(stack, ["users", "list"]),
});

export const createKey = command({
  name: "keys create",
  summary: "Create an API key for a program, and print it once",
  options: {
    stack: stackOption,
    name: keyName,
    role: { ...roleOption, default: "reader" },
    expires: { flags: "--expires <time>", description: "such as 90d, or never", default: "365d" },
  },
  examples: ["keys create --name ci --role reader --expires 90d"],
  run: async ({ stack, name, role, expires }) => {
    const who = required(name, "--name", "keys create --name ci --role reader");
    return run(stack, ["keys", "create", "--name", who, "--role", role, "--expires", expires]);
  },
});

export const listKeys = command({
  name: "keys list",
  summary: "Show the API keys, when each expires, and when each was used last",
  options: { stack: stackOption },
  examples: ["keys list"],
  run: async ({ stack }) => run(stack, ["keys", "list"]),
});

export const revokeKey = command({
  name: "keys revoke",
  summary: "Revoke an API key at once",
  options: { stack: stackOption, name: keyName },
  examples: ["keys revoke --name ci"],
  run: async ({ stack, name }) =>
    run(stack, ["keys", "revoke", required(name, "--name", "keys revoke --name ci")]),
});

export const audit = command({
  name: "audit",
  summary: "Show who did what: sign-ins, uploads, deletions, denials, deployments, changes of users and keys",
  options: {
    stack: stackOption,
    since: { flags: "--since <time>", description: "such as 24h", default: "7d" },
    user: { flags: "--user <name>", description: "show only this person or key" },
    json: jsonOption,
  },
  examples: ["audit --since 24h", "audit --user anna"],
  run: async ({ stack, since, user, json }) =>
    run(stack, ["audit", "--since", since, ...(user ? ["--user", user] : []), ...(json ? ["--json"] : [])]),
});
