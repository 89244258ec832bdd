import { spawn } from "node:child_process";
import { chooseEngine } from "./backend.ts";
import { type Command, print } from "./command.ts";
import { containersOf, docker } from "./docker.ts";
import { Failure } from "./failure.ts";
import { passphrase, project } from "./place.ts";
import { requireEngine } from "./prepare.ts";
import { writeSecret } from "./secrets.ts";

/** Follows the logs of one service or of all. */
export const logs: Command = async ({ stack, service }) => {
  await requireEngine();
  const all = await containersOf(stack, service || undefined);
  if (all.length === 0)
    throw new Failure(`Nothing of that name runs in stack "${stack}".`, "make status shows what does.");
  const followers = all.map(({ Id, Name }) => follow(Id, Name.slice(1)));
  await Promise.all(followers);
  return 0;
};

/** Prints a container's log as it grows, each line after its name. */
function follow(id: string, name: string): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn("docker", ["logs", "--follow", "--tail", "50", id], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const short = name.replace(`${project}-`, "");
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        for (const line of text.trimEnd().split("\n")) print(`${short} | ${line}`);
      });
    }
    child.on("close", () => resolve());
  });
}

/** Opens a shell in a service's first container. */
export const shell: Command = async ({ stack, service }) => {
  const [container] = await containersOf(stack, service || "api");
  if (!container)
    throw new Failure(
      `There is no "${service || "api"}" in stack "${stack}".`,
      "make status shows what there is.",
    );
  return new Promise((resolve) => {
    const child = spawn("docker", ["exec", "-it", container.Id, "sh"], { stdio: "inherit" });
    child.on("close", (code) => resolve(code ?? 1));
  });
};

/** Sets one of the user's secrets from standard input. */
export const secret: Command = async ({ stack, key }) => {
  if (chooseEngine(stack) === "pulumi") {
    throw new Failure(
      `Stack "${stack}" is Pulumi's.`,
      `Type: pulumi config set --secret --stack ${stack} ${project}:${key}`,
    );
  }
  if (process.stdin.isTTY) print(`Value of ${key} (end with Ctrl-D; it shows as you type):`);
  let value = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) value += chunk;
  if (!value.trim())
    throw new Failure("The value is empty.", `Give it on standard input: make secret KEY=${key} < file`);
  writeSecret(stack, passphrase(print), key, value.trim());
  print(`${key} is set for stack "${stack}"; make up STACK=${stack} delivers it.`);
  return 0;
};

/** Removes unused images of the project and the engine's build cache, never volumes. */
export const prune: Command = async () => {
  await requireEngine();
  print((await docker("image", "prune", "-af", "--filter", `label=ragdock.project=${project}`)).trimEnd());
  print((await docker("builder", "prune", "-f")).trimEnd());
  return 0;
};

/** Lists the stack's containers as the engine does. */
export const ps: Command = async ({ stack }) => {
  print(
    await docker(
      "ps",
      "-a",
      "--filter",
      `label=ragdock.project=${project}`,
      "--filter",
      `label=ragdock.stack=${stack}`,
    ),
  );
  return 0;
};
