import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { projectDir } from "../../host/paths.ts";

/** Whether a command is on PATH. */
export function onPath(command: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Runs the pulumi CLI in the project.
 * @param output where its standard output goes: to ours, nowhere, or to a function
 * @returns its exit code
 */
export function runPulumi(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  output: "inherit" | "ignore" | ((chunk: string) => void) = "inherit",
): Promise<number> {
  return new Promise((resolve, reject) => {
    const stdout = typeof output === "function" ? "pipe" : output;
    const child = spawn("pulumi", args, { cwd: projectDir, env, stdio: ["inherit", stdout, "inherit"] });
    if (typeof output === "function") child.stdout?.setEncoding("utf8").on("data", output);
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
  });
}
