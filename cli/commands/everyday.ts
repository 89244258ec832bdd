import { spawn } from "node:child_process";
import { database } from "../../config/services/stores.ts";
import { isLongRunning, type Role } from "../../config/spec/service.ts";
import { containerOf, containersOf, docker, isWell, serviceOf } from "../../host/docker.ts";
import { Failure } from "../../host/failure.ts";
import { passphrase, project } from "../../host/paths.ts";
import { chooseDeployer } from "../backends/index.ts";
import { writeSecret } from "../backends/secrets.ts";
import { type Command, print } from "../command.ts";
import { requireDocker, systemOf } from "../preflight/index.ts";
import { diagnose } from "../ui/diagnose.ts";
import { elapsed } from "../ui/table.ts";

/** Follows the logs of one service or of all. */
export const logs: Command = async ({ stack, service }) => {
  await requireDocker();
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

/** Opens a shell in a service's first container; without SERVICE in the API's. */
export const shell: Command = async ({ stack, service }) =>
  inside(stack, service || serviceOfRole(stack, "api"), ["sh"]);

/** Opens psql on the stack's database, or runs what comes on standard input. */
export const psql: Command = async ({ stack }) => {
  const connection = ["psql", "-U", database.user, "-d", database.name];
  return inside(stack, serviceOfRole(stack, "postgres"), [...connection, "-v", "ON_ERROR_STOP=1"]);
};

function serviceOfRole(stack: string, role: Role): string {
  const system = systemOf(stack, print);
  const service = system.services.filter(isLongRunning).find((s) => s.role === role);
  if (service) return service.name;
  throw new Failure(`${system.name} has no ${role}.`, "make status shows what there is.");
}

/** Runs a command in a service's first container, on this terminal where there is one. */
async function inside(stack: string, service: string, command: readonly string[]): Promise<number> {
  const [container] = await containersOf(stack, service);
  if (!container)
    throw new Failure(`There is no "${service}" in stack "${stack}".`, "make status shows what there is.");
  const terminal = process.stdin.isTTY ? ["-it"] : ["-i"];
  return new Promise((resolve) => {
    const child = spawn("docker", ["exec", ...terminal, container.Id, ...command], { stdio: "inherit" });
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** Restarts one service or all, in start order and one container after another, each healthy before the next. */
export const restart: Command = async ({ stack, service }) => {
  await requireDocker();
  const order = systemOf(stack, print).services.map((s) => s.name);
  const all = (await containersOf(stack, service || undefined))
    .filter((c) => c.Config.Labels["ragdock.kind"] !== "job")
    .sort((a, b) => order.indexOf(serviceOf(a)) - order.indexOf(serviceOf(b)));
  if (all.length === 0)
    throw new Failure(`Nothing of that name runs in stack "${stack}".`, "make status shows what does.");
  for (const container of all) {
    const started = Date.now();
    await docker("restart", container.Id);
    if (!(await getsWell(container.Id))) {
      for (const trouble of await diagnose(stack)) print(`\n${trouble}`);
      return 1;
    }
    print(`${serviceOf(container)} restarted, healthy after ${elapsed((Date.now() - started) / 1000)}`);
  }
  return 0;
};

/** Whether a container gets healthy before its probe has given it up. */
export async function getsWell(id: string): Promise<boolean> {
  for (;;) {
    const container = await containerOf(id);
    if (isWell(container)) return true;
    if (container.State.Health?.Status === "unhealthy" || container.State.Status === "exited") return false;
    await new Promise((wait) => setTimeout(wait, 500));
  }
}

/** Sets one of the user's secrets from standard input. */
export const secret: Command = async ({ stack, key }) => {
  if (chooseDeployer(stack) === "pulumi") {
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
  await requireDocker();
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
