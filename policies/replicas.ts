import { type Problem, problem, setCommand } from "../config/spec/problem.ts";
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
        problem(path, String(service.replicas), reason, service.role === "api" ? server : `Run: ${one}`),
      ];
    });

/** Returns the reason why only one container of a service can run. Undefined if several can. */
function single(service: LongRunning): string | undefined {
  if (service.kind === "stateful" && service.role === "api")
    return "its vectors are files in one volume, which one process may open: at most 1";
  if (service.kind === "stateful") return "its data is in one volume, which takes one server: at most 1";
  if (publishedPorts(service).length > 0) return "a host port takes one container: at most 1";
  return undefined;
}
