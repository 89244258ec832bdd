import { Failure } from "../../config/spec/failure.ts";
import { projectDir } from "../../host/paths.ts";
import { type Command, command, print } from "../command.ts";

/** The command that prints a completion script for these commands. */
export const completion = (commands: () => readonly Command[]): Command =>
  command({
    name: "completion",
    summary: "Print a completion script for bash or zsh",
    options: { shell: { flags: "[shell]", description: "bash or zsh", default: "bash" } },
    examples: [
      "completion bash > ~/.local/share/bash-completion/completions/ragdock",
      "completion zsh >> ~/.zshrc",
    ],
    run: async ({ shell }) => {
      if (shell !== "bash" && shell !== "zsh")
        throw new Failure(`There is no completion for "${shell}".`, "Run: ragdock completion bash");
      print(`${shell === "zsh" ? zshPreamble : ""}${completionScript(commands(), projectDir)}`);
      return 0;
    },
  });

/** zsh reads bash's completions with its own emulation. */
const zshPreamble = "autoload -U +X compinit bashcompinit && compinit && bashcompinit\n";

/**
 * A script for bash: names of commands, their options, and the stacks of `folder` after `--stack`.
 */
export function completionScript(commands: readonly Command[], folder: string): string {
  const groups = Map.groupBy(commands, ({ name }) => name.split(" ")[0] ?? "");
  const cases = [...groups].map(([word, own]) => `    ${word}) words="${wordsAfter(own).join(" ")}" ;;`);
  return `_ragdock() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  if [ "$COMP_CWORD" = 1 ]; then words="${[...groups.keys()].join(" ")}"; fi
  if [ "$previous" = --stack ]; then
    words=$(cd '${folder.replaceAll("'", `'\\''`)}' && ls Pulumi.*.yaml | sed 's/^Pulumi\\.//; s/\\.yaml$//')
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _ragdock ragdock`;
}

/** The second words of a group's commands, and the options of all. */
function wordsAfter(commands: readonly Command[]): string[] {
  const names = commands.flatMap(({ name }) => name.split(" ").slice(1));
  const flags = commands.flatMap(({ options }) => Object.values(options).map((option) => option.flags));
  const options = flags.filter((flag) => flag.startsWith("--")).map((flag) => flag.split(" ")[0] ?? "");
  return [...new Set([...names, ...options])];
}
