import { basename } from "node:path";
import { exampleOf } from "./dotenv.ts";
import { at, textOf } from "./tree.ts";
import { planVariable } from "./variables.ts";
import { improved, type Rule, type Rules, taken, unsupported } from "./verdict.ts";

/** A variable of an application. Secrets are delivered as files, and exported when it starts. */
const variable: Rule = (value, name, { service, world }) => {
  const text = textOf(value);
  if (text === undefined || value.kind !== "scalar")
    return taken("It has no value here. Give it one in the settings if it is needed.");
  const plan = planVariable(name, value, service, world);
  switch (plan.as) {
    case "generate":
      return improved("Ragdock generates the value once and keeps it. docker inspect does not show it.");
    case "ask":
      return improved("You set it once with make secret. The settings and docker inspect do not show it.");
    case "template":
      return improved(`It contains a secret of ${plan.of}, which the start of the application fills in.`);
    case "value":
      return plan.text === text
        ? taken("The same variable.")
        : improved("The same variable, with the names that the stack has.");
  }
};

const environmentFile: Rule = (value, _, { world: { project } }) => {
  const path = textOf(at(value, "path"));
  if (path !== undefined && project.files.includes(path))
    return taken("Each of its variables has its own line.");
  const example = path === undefined ? undefined : exampleOf(path);
  if (example !== undefined && project.files.includes(example))
    return improved(`The file does not exist. The variables of ${basename(example)} are in its place.`);
  return textOf(at(value, "required")) === "false"
    ? taken("The file does not exist, and does not have to.")
    : unsupported("The file does not exist, so its variables are missing here.");
};

export const environmentRules: Rules = {
  "environment.*": variable,
  "env_file[]": environmentFile,
};
