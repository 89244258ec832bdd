import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Failure } from "../../config/spec/failure.ts";
import { command, print, startFolder } from "../command.ts";
import { forgeOf, comment as writeComment } from "../plan/forge.ts";

export const comment = command({
  name: "comment",
  summary: "Write a plan as a comment on a pull request, or update that comment; for CI jobs",
  details:
    "It works with GitHub, GitLab and Forgejo. The variables of the CI job tell it which one: docs/guide/pull-requests.md",
  options: {
    file: { flags: "--file <path>", description: "the plan, as Markdown", default: "plan.md" },
    number: {
      flags: "--number <number>",
      description: "the pull request; on GitLab, the default is that of the job",
    },
  },
  examples: ["comment --file plan.md --number 12"],
  run: async ({ file, number }) => {
    if (number !== undefined && !/^[1-9]\d*$/.test(number))
      throw new Failure(
        `"${number}" is not the number of a pull request.`,
        "For example: ./ragdock comment --number 12",
      );
    const text = readFileSync(resolve(startFolder, file), "utf8");
    print(`The comment was ${await writeComment(forgeOf(process.env, number), text)}.`);
    return 0;
  },
});
