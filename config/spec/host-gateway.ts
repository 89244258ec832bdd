import { shown } from "./content.ts";
import type { ServiceSpec } from "./service.ts";

/**
 * The name of the Docker host in a container. Docker Desktop has it, Docker on Linux only where it
 * is added.
 */
export const hostGateway = "host.docker.internal";

/**
 * Whether a service calls a program on the Docker host, such as Ollama: its settings name the host.
 */
export const callsHost = ({ environment, files, command = [] }: ServiceSpec): boolean =>
  [...Object.values(environment), ...command, ...files.map(({ content }) => shown(content))].some((text) =>
    text.includes(hostGateway),
  );
