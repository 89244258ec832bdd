import { defined } from "../../config/spec/defined.ts";
import { destroy, type EngineOptions, preview, readOutputs, readState, up } from "../../engine/index.ts";
import { dockerEndpoint, dockerEnvironment } from "../../host/docker.ts";
import { parallelOn } from "../../host/endpoint.ts";
import { passphrase, project, projectDir, stateDir } from "../../host/paths.ts";
import { readerEnvironment } from "../reader.ts";
import { readStackFile } from "../stack-file.ts";
import { type Deployer, imageType, type Listener, messagesOnly } from "./deployer.ts";
import { readSecrets } from "./secrets.ts";

export async function embedded(stack: string, { event, say }: Listener): Promise<Deployer> {
  const secrets = await readSecrets(stack, say);
  // The provider reads contexts from one folder only, and without their certificates.
  const { "docker:context": _, ...own } = readStackFile(stack).values;
  const endpoint = dockerEndpoint();
  const options: EngineOptions = {
    projectDir,
    project,
    stack,
    stateDir,
    passphrase: passphrase(say),
    config: { ...own, ...(endpoint ? { "docker:host": endpoint.host } : {}), ...secrets },
    secretKeys: Object.keys(secrets),
    env: { ...dockerEnvironment(), ...readerEnvironment(stack, "embedded") },
    ...(endpoint ? defined({ parallel: parallelOn(endpoint) }) : {}),
    onEvent: event,
  };
  return {
    name: "embedded",
    preview: ({ refresh = false } = {}) => preview({ ...options, refresh, onEvent: messagesOnly(event) }),
    up: ({ refresh = false, replace = [], targets } = {}) =>
      up({ ...options, refresh, replace, ...defined({ targets }) }),
    build: ({ replace = [] } = {}) => up({ ...options, replace, targets: [imageType] }),
    down: () => destroy({ ...options, excludeProtected: true }),
    forget: () => destroy({ ...options, unprotect: true }),
    outputs: (showSecrets) => readOutputs(options, { showSecrets }),
    resourceTypes: async () => new Set((await readState(options)).map(({ type }) => type)),
  };
}
