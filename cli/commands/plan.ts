import { writeFileSync } from "node:fs";
import { readSettings } from "../../config/settings/read.ts";
import { project, projectDir } from "../../host/paths.ts";
import { command, print, translated } from "../command.ts";
import { compare, type Plan } from "../plan/compare.ts";
import { asMarkdown, asText, exitCode, exitCodes } from "../plan/render.ts";
import { describedBy, samePackages, withRevision } from "../plan/revisions.ts";
import { givenConfigFile, readStackFile, stackNames } from "../stack-file.ts";

export const plan = command({
  name: "plan",
  summary: "Compare this checkout with another revision: what a user of each stack would notice",
  details:
    "It needs git. It needs no Docker, state or secrets. It compares what the settings declare, so it does not see changes by hand (drift). " +
    `Exit codes: ${exitCodes.nothing} no service stops, ${exitCodes.wrong} settings are wrong, ${exitCodes.gap} a service has a gap, ${exitCodes.data} the change touches data`,
  options: {
    base: { flags: "--base <revision>", description: "the Git revision to compare with", default: "main" },
    stack: { flags: "--stack <name>", description: "one stack; by default all stacks with a file" },
    format: {
      flags: "--format <name>",
      description: "the format of the plan",
      default: "text",
      choices: ["text", "markdown", "json"],
    },
    output: { flags: "--output <file>", description: "write it to a file" },
    describe: {
      flags: "--describe",
      description: "print what the stack's settings declare, as JSON, and compare nothing",
    },
  },
  examples: [
    "plan",
    "plan --base origin/main --format markdown --output plan.md",
    "plan --stack prod --base HEAD~1",
  ],
  run: async ({ base, stack, format, output, describe: only }) => {
    if (only) {
      process.stdout.write(JSON.stringify(await describeHere(stack ?? "dev")));
      return 0;
    }
    const plans = await withRevision(base, (folder) => plansAgainst(folder, stack));
    const text =
      format === "json"
        ? JSON.stringify(plans, null, 2)
        : format === "markdown"
          ? asMarkdown(plans)
          : asText(plans);
    if (output) writeFileSync(output, `${translated(text)}\n`);
    else print(text);
    return Math.max(...plans.map(exitCode), exitCodes.nothing);
  },
});

async function plansAgainst(folder: string, stack: string | undefined): Promise<Plan[]> {
  if (!samePackages(folder))
    process.stderr.write(
      "The revisions have different packages. The plan uses the packages of this checkout for both.\n",
    );
  const stacks = stack ? [stack] : [...new Set([...stackNames(folder), ...stackNames(projectDir)])].sort();
  const plans: Plan[] = [];
  for (const name of stacks) {
    const [before, after] = await Promise.all([
      describedBy(folder, name),
      describedBy(projectDir, name, givenConfigFile()),
    ]);
    plans.push(compare(name, before, after));
  }
  return plans;
}

async function describeHere(stack: string) {
  const { values } = readStackFile(stack);
  // Only this command needs Pulumi's SDK, which is slow to load.
  const { describe } = await import("../plan/describe.ts");
  return describe(readSettings(values, project), { project, stack, secrets: new Set(), host: {} });
}
