import { publishedPorts, type ServiceSpec, type SystemSpec } from "../../config/spec/service.ts";

/** Draws a system as a Mermaid diagram, with networks as boxes and dependencies as arrows. */
export function picture(system: SystemSpec): string {
  const groups = Map.groupBy(system.services, (s) => s.networks.join(" and "));
  const boxes = [...groups].flatMap(([networks, services], index) => [
    `  subgraph net${index}["${networks}${note(services[0] as ServiceSpec, system)}"]`,
    ...services.map((service) => `    ${shape(service)}`),
    "  end",
  ]);
  const entry = system.services
    .filter((s) => publishedPorts(s).length > 0 && ["ingress", "gateway", "api", "ui"].includes(s.role))
    .map((s) => `  person((you)) --> ${id(s)}`);
  const arrows = system.services.flatMap((s) =>
    directly(s, system).map((other) => `  ${id(s)} --> ${id({ name: other })}`),
  );
  return ["```mermaid", "flowchart LR", ...entry, ...boxes, ...arrows, "```"].join("\n");
}

/** Returns the dependencies of a service that no other dependency implies. */
function directly({ dependsOn }: ServiceSpec, { services }: SystemSpec): string[] {
  const before = (name: string): string[] => {
    const own = services.find((s) => s.name === name)?.dependsOn ?? [];
    return [...own, ...own.flatMap(before)];
  };
  const implied = new Set(dependsOn.flatMap(before));
  return dependsOn.filter((name) => !implied.has(name));
}

const id = ({ name }: { readonly name: string }): string => name.replaceAll("-", "_");

/** Returns the note of a box whose networks have no route to the internet. */
function note(service: ServiceSpec, { networks }: SystemSpec): string {
  return service.networks.every((name) => networks[name]?.internal) ? ": internal" : "";
}

function shape(s: ServiceSpec): string {
  const ports = publishedPorts(s).map(({ host }) => `<br/>:${host}`);
  const label = `${s.name}${ports.join("")}`;
  if (s.kind === "stateful") return `${id(s)}[("${label}")]`;
  return s.kind === "job" ? `${id(s)}{{"${label}"}}` : `${id(s)}["${label}"]`;
}
