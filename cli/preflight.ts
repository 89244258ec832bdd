import { basename } from "node:path";
import { Failure } from "../config/spec/failure.ts";
import { ownerLabel } from "../config/spec/stack.ts";
import { docker, stackFilters } from "../host/docker.ts";
import { stateDir } from "../host/paths.ts";
import { isNewStack } from "./backends/deployer.ts";
import { print } from "./command.ts";
import { changeSettings, ownSettings, stackFile } from "./stack-file.ts";

/**
 * Refuses a stack that runs in Docker but has no state in this folder. Either another user has the
 * state, or the state is lost.
 */
export async function requireOwnState(stack: string): Promise<void> {
  if (!isNewStack(stack)) return;
  const format = `{{.ID}} {{.Label "${ownerLabel}"}}`;
  const [network] = (await docker("network", "ls", ...stackFilters(stack), "--format", format)).split("\n");
  if (!network) return;
  const owner = network.split(" ").slice(1).join(" ") || "Another user";
  throw new Failure(
    `Stack "${stack}" already runs on this Docker host, but its state is not in ${stateDir}. Nothing was changed.`,
    `${owner} deployed it. If you deployed it, XDG_STATE_HOME was another folder at that time. Set XDG_STATE_HOME to that folder, or give this stack another name: make up STACK=mine.\n` +
      `If the state is lost, remove the containers and networks with the label ragdock.stack=${stack}. Volumes keep their data.`,
  );
}

/** The public registry. Any answer, even an error, shows that registries can be reached. */
const registryUrl = "https://registry-1.docker.io/v2/";

/**
 * Decides where the images of a stack come from, if its file does not say, and writes that into the
 * file. A later run, or a run from another clone, then uses the same source.
 */
export async function chooseImages(stack: string): Promise<void> {
  const { images, registry } = ownSettings(stack);
  if (images || registry || (await registryAnswers())) return;
  changeSettings(stack, [[["images"], "packages"]]);
  print(
    `No container registry answers: images are built from Debian and PyPI packages (ragdock:images in ${basename(stackFile(stack))}).`,
  );
}

async function registryAnswers(): Promise<boolean> {
  const response = await fetch(registryUrl, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  return response?.status === 200 || response?.status === 401;
}
