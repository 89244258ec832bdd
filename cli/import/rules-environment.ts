import { basename } from "node:path";
import { exampleOf } from "./dotenv.ts";
import { at, textOf } from "./tree.ts";
import { planVariable } from "./variables.ts";
import { improved, type Rule, type Rules, taken, unsupported } from "./verdict.ts";

/**
 * A variable of an application. Secrets are delivered as files, and exported when the application
 * starts.
 */
const variable: Rule = (value, name, { service, world }) => {
  const text = textOf(value);
  if (text === undefined || value.kind !== "scalar")
    return taken(
      "The variable has no value in the Compose file. If the application needs the variable, set it in the settings.",
    );
  const plan = planVariable(name, value, service, world);
  switch (plan.as) {
    case "generate":
      return improved("Ragdock generates the value once and keeps it. docker inspect does not show it.");
    case "ask":
      return improved("You set it once with make secret. The settings and docker inspect do not show it.");
    case "template":
      return improved(`It contains a secret of ${plan.of}, which is filled in when the application starts.`);
    case "value":
      return plan.text === text
        ? taken("The same variable.")
        : improved("The variable stays, with the names that the stack uses.");
  }
};

const environmentFile: Rule = (value, _, { world: { project } }) => {
  const path = textOf(at(value, "path"));
  if (path !== undefined && project.files.includes(path))
    return taken("Each of its variables has its own line.");
  const example = path === undefined ? undefined : exampleOf(path);
  if (example !== undefined && project.files.includes(example))
    return improved(`The file does not exist. The variables of ${basename(example)} are used instead.`);
  return textOf(at(value, "required")) === "false"
    ? taken("The file is optional and does not exist.")
    : unsupported("The file does not exist, so its variables are missing here.");
};

export const environmentRules: Rules = {
  "environment.*": variable,
  "env_file[]": environmentFile,
};
