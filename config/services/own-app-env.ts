import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { OwnApp } from "./own-app-settings.ts";
import { hasFile, projectPath } from "./project-files.ts";

/** The variables of an application: those of its file, and over them those of its settings. */
export const variablesOf = ({ env, envFile }: OwnApp): Record<string, string> => ({
  ...(envFile !== undefined && hasFile(envFile) ? readVariables(envFile) : {}),
  ...env,
});

/** The variables in a file of the user. */
export const readVariables = (file: string): Record<string, string> =>
  parseEnv(readFileSync(projectPath(file), "utf8")) as Record<string, string>;
