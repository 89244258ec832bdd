/** Tests the commands as a shell runs them, without Docker. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { shellWord } from "../../../config/spec/message.ts";
import { projectDir } from "../../../host/paths.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-commands-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each(["../my-rag/.env", "/srv/my rag/.env", "it's", "$(ls); *"])(
  "%s is one word of a command",
  async (text) => {
    const { stdout } = await execa("sh", ["-c", `printf %s ${shellWord(text)}`]);
    expect(stdout).toBe(text);
  },
);

it("./ragdock says what to run if the packages are not installed", async () => {
  cpSync(join(projectDir, "ragdock"), join(folder, "ragdock"));
  const { exitCode, stderr } = await execa(join(folder, "ragdock"), ["up"], { reject: false });
  expect(exitCode).toBe(1);
  expect(stderr).toBe(`The packages of the project are not installed. Run: make -C '${folder}' setup`);
});

/** Runs `make exec` with a Node that prints its arguments, one in each line. */
async function execWith(...variables: string[]): Promise<string[]> {
  const args = ["-s", "-o", "node_modules", "exec", ...variables];
  const { stdout } = await execa("make", ["-f", join(projectDir, "Makefile"), ...args], { cwd: folder });
  return stdout.split("\n");
}

beforeAll(() => {
  const bin = join(folder, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "node"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
  chmodSync(join(bin, "node"), 0o755);
});

it("make exec runs the whole COMMAND in the container, and no part of it on this machine", async () => {
  const command = "echo 'a b'; hostname";
  const before = ["cli/main.ts", "exec", "--stack", "dev", "web", "--"];
  expect(await execWith("SERVICE=web", `COMMAND=${command}`)).toEqual([...before, "sh", "-c", command]);
  expect(await execWith("SERVICE=web")).toEqual(before);
});
