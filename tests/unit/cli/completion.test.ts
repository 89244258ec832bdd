import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { completionScript } from "../../../cli/commands/completion.ts";
import { groups } from "../../../cli/commands/index.ts";
import { projectDir } from "../../../host/paths.ts";

const script = completionScript(Object.values(groups).flat(), projectDir);

/** Returns bash's completions for the last of these words. */
function offered(...words: readonly string[]): string[] {
  const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ragdock; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync("bash", ["-c", `${script}\n${ask}`, "bash", "ragdock", ...words]);
  return text.toString().trim().split("\n");
}

it("bash completes commands, options, subcommands and the names of stacks", () => {
  expect(offered("ro")).toEqual(["rollback", "rotate"]);
  expect(offered("up", "--s")).toEqual(["--stack", "--system", "--service"]);
  expect(offered("config", "ex")).toEqual(["explain"]);
  expect(offered("up", "--stack", "p")).toEqual(["prod"]);
  expect(offered("schema", "")).toEqual([""]);
});
