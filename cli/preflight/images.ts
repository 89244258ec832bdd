import { basename } from "node:path";
import { changeSettings, ownSettings, stackFile } from "../stack-file.ts";

/** The public registry. Any answer, a refusal included, shows that registries can be reached. */
const registryUrl = "https://registry-1.docker.io/v2/";

/**
 * Decides where the images of a stack come from, if its file does not say, and writes that into the file: a later run, or one
 * from another clone, must not decide otherwise.
 */
export async function chooseImages(stack: string, say: (line: string) => void): Promise<void> {
  if (ownSettings(stack).images || (await registryAnswers())) return;
  changeSettings(stack, [[["images"], "packages"]]);
  say(
    `No container registry answers: images are built from Debian and PyPI packages. ${basename(stackFile(stack))} says so now (ragdock:images).`,
  );
}

async function registryAnswers(): Promise<boolean> {
  try {
    const response = await fetch(registryUrl, { signal: AbortSignal.timeout(5000) });
    return response.status === 200 || response.status === 401;
  } catch {
    return false;
  }
}
