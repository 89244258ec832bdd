/** The program of the sign-in, which runs in its container. */
import { hostname, userInfo } from "node:os";
import { execa } from "execa";
import { authName } from "../config/services/auth.ts";
import { containersOf, dockerEnvironment } from "../host/docker.ts";

/** The user of this command, as the audit log names them. In a container they may have no name. */
function actor(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `user ${process.getuid?.()}@${hostname()}`;
  }
}

/**
 * Runs a command of the sign-in. Returns undefined if the stack runs none.
 * @param input for its standard input, such as a password
 * @param shown whether its output is shown
 */
export async function inAuth(
  stack: string,
  words: readonly string[],
  { input = "", shown = true } = {},
): Promise<number | undefined> {
  const [container] = await containersOf(stack, authName);
  if (!container) return undefined;
  const program = ["python", "-m", "frontdoor", "auth", ...words];
  const args = ["exec", "-i", "-e", `RAGDOCK_ACTOR=${actor()}`, container.Id, ...program];
  const output = shown ? "inherit" : "ignore";
  const { exitCode } = await execa("docker", args, {
    input,
    stdout: output,
    stderr: output,
    reject: false,
    env: dockerEnvironment(),
  });
  return exitCode ?? 1;
}

/** Adds a deployment to the audit log, if there is one. */
export async function recordDeployment(stack: string, changes: string, ok: boolean): Promise<void> {
  const words = ["--actor", actor(), "--action", "deploy", "--object", changes];
  await inAuth(stack, ["audit", "record", ...words, "--result", ok ? "ok" : "failed"], { shown: false });
}
