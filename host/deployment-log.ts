import { spawnSync } from "node:child_process";
import { imagesOnly } from "../config/spec/part.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { type Container, containersOf, docker, dockerEnvironment, isJob, serviceOf } from "./docker.ts";
import { atContainer } from "./nodes.ts";
import { userName } from "./user.ts";

/** Milliseconds between two checks for the first change. */
const interval = 2000;

/** Milliseconds that Docker has for the last line when the program ends with an error. */
const patience = 5000;

/** The state of a stack before a deployment. */
interface Before {
  readonly containers: readonly Container[];
  /** Whether settings or images differ from those of the last deployment. */
  readonly differs: boolean;
}

type Result = "started" | "ok" | "failed";

/** The arguments of the docker CLI that run a command of the sign-in in its container. */
export const authCommand = (container: string, words: readonly string[], flags: readonly string[] = []) => [
  ...["exec", ...flags, "-e", `RAGDOCK_ACTOR=${userName()}`, container],
  ...["python", "-m", "frontdoor", "auth", ...words],
];

/**
 * Writes a deployment to the audit log of the stack, if it has a sign-in: `started` after the first
 * change of a container, then `ok` or `failed`. A deployment that changes nothing writes no line.
 * If the program is killed, there is no line after `started`.
 * @param done resolves when all resources are done
 */
export function recordDeployment(
  stack: string,
  system: SystemSpec,
  before: Before,
  done: Promise<unknown>,
): void {
  const auth = system.services.find(({ role }) => role === "auth")?.name;
  if (!auth || process.env[imagesOnly]) return;
  /** The command that writes the end of a deployment that has started. */
  let failed: { readonly command: readonly string[]; readonly env: NodeJS.ProcessEnv } | undefined;
  const write = async (isKnown: boolean, result: Result): Promise<boolean> => {
    const now = await containersOf(stack);
    const services = changedServices(before.containers, now);
    const container = now.findLast((c) => serviceOf(c) === auth && c.State.Status === "running");
    if (!container || (services.length === 0 && !isKnown)) return false;
    const object = services.join(", ") || "settings";
    await atContainer(container, async ({ Id }) => {
      const command = (text: Result) => authCommand(Id, record("deploy", object, text));
      await docker(...command(result));
      if (result === "started") failed = { command: command("failed"), env: dockerEnvironment() };
    });
    return true;
  };
  let isOver = false;
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    const isWritten = isOver || (await write(false, "started").catch(() => false));
    if (!isWritten) lookLater();
  };
  const lookNow = (): void => {
    looking = look();
  };
  // Without `unref`, the timer for the next check would keep the process alive.
  const lookLater = () => void setTimeout(lookNow, interval).unref();
  lookLater();
  process.once("exit", () => {
    if (failed && !isOver) spawnSync("docker", failed.command, { env: failed.env, timeout: patience });
  });
  void done.then(async () => {
    isOver = true;
    await looking;
    await write(before.differs, "ok").catch((error: Error) => console.error(error.message));
  });
}

/**
 * Writes to the audit log of the stack, if it has a sign-in, that someone takes the stack down. The
 * container that writes the line ends with the stack, so no line can record the result.
 * @param auth the name of the service of the sign-in
 */
export async function recordRemoval(stack: string, auth: string): Promise<void> {
  const running = (await containersOf(stack)).filter(({ State }) => State.Status === "running");
  const container = running.find((c) => serviceOf(c) === auth);
  if (!container) return;
  await atContainer(container, ({ Id }) => docker(...authCommand(Id, record("down", stack, "started"))));
}

/** The arguments of the command that adds a line. */
const record = (action: "deploy" | "down", object: string, result: Result): string[] => [
  ...["audit", "record", "--actor", userName(), "--action", action],
  ...["--object", object, "--result", result],
];

/** The services whose containers have changed. Jobs do not count. */
function changedServices(before: readonly Container[], now: readonly Container[]): string[] {
  const isIn = (list: readonly Container[]) => {
    const ids = new Set(list.map(({ Id }) => Id));
    return ({ Id }: Container): boolean => ids.has(Id);
  };
  const [wasThere, isThere] = [isIn(before), isIn(now)];
  const changed = [...now.filter((c) => !wasThere(c)), ...before.filter((c) => !isThere(c))];
  return [...new Set(changed.filter((c) => !isJob(c)).map(serviceOf))].sort();
}
