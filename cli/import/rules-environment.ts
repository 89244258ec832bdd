import { isSecretName, loginOf, storeOf } from "./secrets.ts";
import { at, textOf } from "./tree.ts";
import { improved, type Rule, type Rules, taken, unsupported } from "./verdict.ts";

/** A variable of an application. Ragdock gives secrets as files, and never as variables. */
const variable: Rule = (value, name, subject) => {
  const text = textOf(value);
  if (text === undefined) return taken("It has no value here. Give it one in the settings if it is needed.");
  const secret = isSecretName(name) || loginOf(text) !== undefined;
  if (!secret) return taken("The same variable.");
  const store = storeOf(name, text, subject);
  if (store)
    return improved(
      `Ragdock generates the password of ${store}. The application must read it from /run/secrets/${store}-password, or from a file of the settings with {{secret:${store}-password}}.`,
    );
  return unsupported(
    "It looks like a secret. Ragdock gives secrets as files, because docker inspect shows variables. The application must read it from a file under /run/secrets, or its entrypoint must export it.",
  );
};

const environmentFile: Rule = (value, _, { project }) => {
  const path = textOf(at(value, "path"));
  return path !== undefined && project.files.includes(path)
    ? taken("Each of its variables has its own line.")
    : unsupported("The file does not exist, so its variables are missing here.");
};

export const environmentRules: Rules = {
  "environment.*": variable,
  "env_file[]": environmentFile,
};
