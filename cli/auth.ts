/** The program of the sign-in, which runs in its container. */
import { execa } from "execa";
import { authName } from "../config/services/auth.ts";
import { authCommand } from "../host/deployment-log.ts";
import { containersOf, dockerEnvironment } from "../host/docker.ts";
import { atContainer } from "../host/nodes.ts";

/**
 * Runs a command of the sign-in and shows its output. Returns undefined if the stack has no
 * sign-in. @param input for its standard input, such as a password
 */
export async function inAuth(
  stack: string,
  words: readonly string[],
  input: string,
): Promise<number | undefined> {
  const [container] = await containersOf(stack, authName);
  if (!container) return undefined;
  return atContainer(container, async ({ Id }) => {
    const { exitCode } = await execa("docker", authCommand(Id, words, ["-i"]), {
      input,
      stdout: "inherit",
      stderr: "inherit",
      reject: false,
      env: dockerEnvironment(),
    });
    return exitCode ?? 1;
  });
}
