import { shown } from "../config/spec/content.ts";
import { callsHost } from "../config/spec/host-gateway.ts";
import { imageName, isBuilt } from "../config/spec/image.ts";
import { alsoRun, removeCommand, setCommand, toRun } from "../config/spec/message.ts";
import { registryName } from "../config/spec/own-registry.ts";
import { type Problem, problem, withoutEffect } from "../config/spec/problem.ts";
import { isLongRunning, publishedPorts, type ServiceSpec, type SystemSpec } from "../config/spec/service.ts";
import { measuresHost } from "../config/spec/swarm.ts";

/** A secret of Swarm must have fewer bytes, and at least one (moby/swarmkit, MaxSecretSize). */
export const largestFile = 500 * 1024;

const onlyOnSwarm = withoutEffect("swarm", "the stack runs on one Docker engine (ragdock:target)");

/** Reports everything of a system that a Swarm cannot run, with the reason. */
export function swarm(system: SystemSpec, stack: string): Problem[] {
  if (system.target === "engine") return Object.values(system.swarm).some(Boolean) ? [onlyOnSwarm] : [];
  return [
    ...dots(stack),
    ...registry(system),
    ...system.services.flatMap((service) => refusals(service, system)),
  ];
}

/** Swarm takes names of services that are also valid names in DNS. */
function dots(stack: string): Problem[] {
  if (!stack.includes(".")) return [];
  const why = `the names of its services have the name of the stack, "${stack}", and none may have a dot`;
  return [
    problem("target", "swarm", why, `Give the stack another name, such as ${stack.replaceAll(".", "-")}.`),
  ];
}

/** Reports built images that no node could pull. */
function registry(system: SystemSpec): Problem[] {
  const { registry: name, ownRegistry, services } = system;
  const built = [
    ...new Set(services.filter(({ image }) => isBuilt(image, system)).map(({ image }) => imageName(image))),
  ];
  if (name !== undefined || ownRegistry !== undefined || built.length === 0) return [];
  const why = `each node of a Swarm pulls its images, and this stack builds ${built.join(", ")}`;
  const set = setCommand("registry", "registry.example.org/team");
  if (system.images === "packages") return [problem("registry", "not set", why, `${toRun}${set}`)];
  // The stack would run a registry, and the settings say that it must not, or that no node reaches it.
  const isThere = services.some((s) => s.name === registryName && s.role === "registry");
  const [path, found] = isThere
    ? [`services.${registryName}.exposure`, "none"]
    : [`services.${registryName}.enabled`, "false"];
  return [problem(path, found, why, `${toRun}${removeCommand(path)}, or ${alsoRun}${set}`)];
}

/** A reason why a Swarm cannot run a service. */
interface Refusal {
  readonly applies: boolean;
  readonly path: string;
  readonly found: string;
  readonly why: string;
  readonly fix: string;
}

/** What Swarm, or the Docker provider for it, has no counterpart for. */
function refusals(service: ServiceSpec, system: SystemSpec): Problem[] {
  const { name, role, mounts, gpus, ulimits = {}, writable = {}, volumes, extraHosts = {} } = service;
  const at = (key: string): string => `services.${name}.${key}`;
  const all: readonly Refusal[] = [
    {
      applies: role === "certificates",
      path: "ingress.tls",
      found: "set",
      why: "the ingress runs on every node, and the volume with the certificate is on one of them",
      fix: `Let a load balancer in front do TLS. ${toRun}${setCommand("ingress.tls", "off")}`,
    },
    {
      applies: mounts.length > 0 && !measuresHost(service),
      path: at("mounts"),
      found: mounts.map(({ source }) => source).join(", "),
      why: "a service moves between the nodes, and folders of a host do not move with it",
      fix: `${toRun}${system.environment === "prod" ? removeCommand(at("mounts")) : setCommand("environment", "prod")}`,
    },
    {
      applies: !isLongRunning(service) && volumes.length > 0,
      path: `services.${name}`,
      found: "a job with a volume",
      why: "jobs run on the manager, and the volume may be on another node",
      fix: "Let a service that stays up do its work.",
    },
    {
      applies: callsHost(service) || Object.values(extraHosts).includes("host-gateway"),
      path: `services.${name}`,
      found: "a service that calls the Docker host",
      why: "each node of a Swarm is another host",
      fix: "Name an address that all nodes reach, such as that of a server.",
    },
    {
      applies: gpus !== undefined,
      path: at("gpus"),
      found: String(gpus),
      why: "the Docker provider cannot ask a Swarm for GPUs",
      fix: `${toRun}${removeCommand(at("gpus"))}`,
    },
    {
      applies: Object.keys(ulimits).length > 0,
      path: `apps.${name}.ulimits`,
      found: Object.keys(ulimits).join(", "),
      why: "the Docker provider cannot set them for a service of a Swarm",
      fix: "Set them in the configuration of Docker on each node (default-ulimits).",
    },
    {
      applies: Object.keys(writable).length > 0,
      path: `apps.${name}.writable`,
      found: Object.keys(writable).join(", "),
      why: "a Swarm mounts folders in memory without permission to run programs in them",
      fix: "Let the application write into a volume, or below /tmp.",
    },
  ];
  return [
    ...all
      .filter(({ applies }) => applies)
      .map(({ path, found, why, fix }) => problem(path, found, why, fix)),
    ...wrongFiles(service),
    ...loopback(service),
  ];
}

const wrongFiles = ({ name, files }: ServiceSpec): Problem[] =>
  files
    .map(({ path, content }) => ({ path, size: Buffer.byteLength(shown(content)) }))
    .filter(({ size }) => size === 0 || size >= largestFile)
    .map(({ path, size }) => {
      const why = `a file of a Swarm's service has between 1 byte and ${largestFile / 1024} KiB`;
      const fix = size === 0 ? "Write a line into it, or remove it." : "Put it into the image.";
      return problem(`services.${name}.files`, `${path} with ${size} bytes`, why, fix);
    });

const loopback = (service: ServiceSpec): Problem[] =>
  publishedPorts(service).flatMap(({ exposure, owner = service.name, host }) => {
    if (exposure !== "loopback") return [];
    const path = `services.${owner}.exposure`;
    const why = `a Swarm publishes port ${host} on all addresses of its nodes, and never on loopback alone`;
    // Only services behind the ingress may be public, and a node without the registry cannot pull.
    const none = service.role === "registry" ? removeCommand(path) : setCommand(path, "none");
    const fix =
      service.role === "ingress"
        ? `${toRun}${setCommand(path, "public")}, or ${alsoRun}${none}`
        : `${toRun}${none}`;
    return [problem(path, "loopback", why, fix)];
  });
