import { setCommand, toRun } from "../config/spec/message.ts";
import { type Problem, problem } from "../config/spec/problem.ts";
import { type LongRunning, longRunning, publishedPorts, type SystemSpec } from "../config/spec/service.ts";

/**
 * Reports replicas of services that can have only one container, because of data or a host port.
 */
export const replicas = ({ services }: SystemSpec): Problem[] =>
  longRunning(services)
    .filter((service) => service.replicas > 1)
    .flatMap((service) => {
      const path = `services.${service.name}.replicas`;
      const one = setCommand(path, "1");
      const reason = single(service);
      if (!reason) return [];
      const server = `To keep the vectors in a server: ${setCommand("vectorStore", "chroma")}; to run one: ${one}`;
      return [
        problem(path, String(service.replicas), reason, keepsVectors(service) ? server : `${toRun}${one}`),
      ];
    });

/** Whether an API of the project keeps its vectors in files. */
const keepsVectors = ({ kind, role, ownPages }: LongRunning): boolean =>
  kind === "stateful" && role === "api" && !ownPages;

/** Returns the reason why only one container of a service can run. Undefined if several can. */
function single(service: LongRunning): string | undefined {
  if (service.ownPages && service.kind === "stateful")
    return "it has a volume that is not `shared`, so at most 1";
  if (keepsVectors(service))
    return "its vectors are files in one volume, and only one process may open them, so at most 1";
  if (service.kind === "stateful")
    return "its data is in one volume, which only one server may use, so at most 1";
  if (publishedPorts(service).length > 0) return "only one container can publish a host port, so at most 1";
  return undefined;
}
