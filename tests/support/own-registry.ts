/** The example application on a Swarm without a registry in the settings: the stack runs one. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { registryCatalogueImage } from "../../config/services/registry.ts";
import { registryName } from "../../config/spec/own-registry.ts";
import { type Served, SwarmLab } from "../../tools/swarm/lab.ts";
import { open, unwatchedIn } from "./program.ts";
import { projectDir } from "./stack.ts";

/** The ports of the application and of the registry on each node. */
export interface Ports {
  readonly web: number;
  readonly registry: number;
}

/**
 * The settings of a stack whose application is built from a copy of the example. The image of the
 * registry is built here from Debian's package, which has another version than the official image.
 * @param folder gets the copy, as `system/`
 */
export async function withOwnRegistry(
  lab: SwarmLab,
  name: string,
  folder: string,
  ports: Ports,
): Promise<Served> {
  cpSync(join(projectDir, "examples/own-system"), join(folder, "system"), { recursive: true });
  const system = join(folder, "system/system.ts");
  const services = { gateway: { port: ports.web }, ...unwatchedIn(system) };
  const served = await lab.served(name, { system, environment: "prod", ingress: open, services });
  const { "questions-web": web = "", ...others } = served.pinned;
  const registry = await lab.variant(
    SwarmLab.here(web),
    "registry",
    "USER 0",
    "RUN apt-get update && apt-get install -y --no-install-recommends docker-registry busybox && busybox --install -s /usr/local/bin",
    `ENTRYPOINT ["docker-registry", "serve"]`,
    `CMD ["${registryCatalogueImage.configPath}"]`,
  );
  return {
    ...served,
    // The nodes have no way to an official image of Python.
    pinned: { ...others, registry, python: web },
    services: { ...served.services, [registryName]: { port: ports.registry } },
  };
}
