import { readSystem } from "../../../config/resolve.ts";
import { readSettings } from "../../../config/settings/read.ts";
import { readStackText } from "../../../config/settings/stack-text.ts";
import { project } from "../../../host/paths.ts";

/**
 * What the settings of a new stack still lack, as `make up` would say it.
 * @param asked the secrets that the user sets later
 */
export function problemsOf(text: string, stack: string, asked: readonly string[]): string[] {
  const { values } = readStackText(text, `Pulumi.${stack}.yaml`, project);
  const facts = { project, stack, secrets: new Set(asked), host: {} };
  return readSystem(readSettings(values, project), facts).problems.map(
    ({ path, found, problem, fix }) => `${path} is ${found}: ${problem}. ${fix}`,
  );
}
