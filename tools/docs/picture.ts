import { homeNetwork } from "../../config/spec/networks.ts";
import {
  isLongRunning,
  publishedPorts,
  type ServiceSpec,
  type SystemSpec,
} from "../../config/spec/service.ts";

/**
 * Draws a system as a Mermaid diagram. A box is a network. It contains the services that other
 * services call on it. An arrow is a dependency.
 */
export function picture(system: SystemSpec): string {
  const boxes = [...Map.groupBy(system.services, boxOf)].flatMap(([network, services], index) =>
    network === undefined
      ? services.map((service) => `  ${shape(service)}`)
      : [
          `  subgraph net${index}["${network}"]`,
          ...services.map((service) => `    ${shape(service)}`),
          "  end",
        ],
  );
  const entry = system.services
    .filter((s) => publishedPorts(s).length > 0 && ["ingress", "gateway", "api", "ui"].includes(s.role))
    .map((s) => `  person((you)) --> ${id(s)}`);
  const arrows = system.services.flatMap((s) =>
    directly(s, system).map((other) => `  ${id(s)} --> ${id({ name: other })}`),
  );
  return ["```mermaid", "flowchart LR", ...entry, ...boxes, ...arrows, "```"].join("\n");
}

/** Returns the dependencies of a service, without those that follow from other dependencies. */
function directly({ dependsOn }: ServiceSpec, { services }: SystemSpec): string[] {
  const before = (name: string): string[] => {
    const own = services.find((s) => s.name === name)?.dependsOn ?? [];
    return [...own, ...own.flatMap(before)];
  };
  const implied = new Set(dependsOn.flatMap(before));
  return dependsOn.filter((name) => !implied.has(name));
}

const id = ({ name }: { readonly name: string }): string => name.replaceAll("-", "_");

/** Returns the network on which others call a service. Undefined if no service calls it. */
function boxOf(service: ServiceSpec): string | undefined {
  const home = homeNetwork(service);
  return isLongRunning(service) && service.networks.includes(home) ? home : undefined;
}

function shape(s: ServiceSpec): string {
  const ports = publishedPorts(s).map(({ host }) => `<br/>:${host}`);
  const label = `${s.name}${ports.join("")}`;
  if (s.kind === "stateful") return `${id(s)}[("${label}")]`;
  return s.kind === "job" ? `${id(s)}{{"${label}"}}` : `${id(s)}["${label}"]`;
}
