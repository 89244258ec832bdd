import { isLongRunning, type SystemSpec } from "../../config/spec/service.ts";
import { type Container, containersOf, isJob, isWell, serviceOf } from "../../host/docker.ts";
import { elapsed, size, table } from "./text.ts";
import { type Usage, usageOf, type VolumeSize, volumeSizes } from "./usage.ts";

/** A container of a service, or a service without one. */
interface ServiceStatus {
  /** The name ends with a number if the service has several containers. */
  readonly service: string;
  readonly container?: string;
  readonly health: string;
  /** The node of a Swarm that it is on. */
  readonly node?: string;
  /** When the container started, if it runs. ISO 8601. */
  readonly started?: string;
  /** The number of restarts by Docker. */
  readonly restarts?: number;
  readonly usage?: Usage;
  readonly url?: string;
}

/** A stack's services, and whether all of them are healthy. */
export interface Status {
  readonly healthy: boolean;
  readonly services: readonly ServiceStatus[];
  /** Present only if the usage was measured. */
  readonly volumes?: readonly VolumeSize[];
  /** Services that this image source cannot offer, and why. */
  readonly unavailable: Readonly<Record<string, string>>;
}

/**
 * @param measure adds CPU, memory and the size of volumes. Docker needs two seconds for it
 * @param isOurs selects the containers that count. @default all
 */
export async function statusOf(
  stack: string,
  system: SystemSpec,
  measure: boolean,
  isOurs: (container: Container) => boolean = () => true,
): Promise<Status> {
  const containers = (await containersOf(stack)).filter(isOurs);
  const [usage, volumes] = measure
    ? await Promise.all([usageOf(containers), volumeSizes(stack, system, containers)])
    : [undefined, undefined];
  const services = system.services.flatMap((service): ServiceStatus[] => {
    const { name } = service;
    const own = containers.filter((c) => serviceOf(c) === name);
    const url = isLongRunning(service) ? system.urls[name] : undefined;
    if (own.length === 0) return [{ service: name, health: "not created", ...(url ? { url } : {}) }];
    return own.map((c, index) => {
      const used = usage?.get(c.Id);
      return {
        service: own.length > 1 ? `${name} ${index + 1}` : name,
        container: c.Name.slice(1),
        health: health(c),
        ...(c.Node === undefined ? {} : { node: c.Node }),
        ...(c.State.Status === "running" ? { started: c.State.StartedAt } : {}),
        ...(isJob(c) ? {} : { restarts: c.RestartCount }),
        ...(used ? { usage: used } : {}),
        ...(url ? { url } : {}),
      };
    });
  });
  const present = system.services.every((s) => containers.some((c) => serviceOf(c) === s.name));
  return {
    healthy: present && containers.every(isWell),
    services,
    ...(volumes ? { volumes } : {}),
    unavailable: system.unavailable,
  };
}

/**
 * Formats the status: a table of the services, a table of the volumes, and the services that are
 * unavailable.
 */
export function statusText({ services, volumes, unavailable }: Status): string {
  const measured = (...cells: string[]): string[] => (volumes ? cells : []);
  const onNodes = (...cells: string[]): string[] =>
    services.some(({ node }) => node !== undefined) ? cells : [];
  const rows = services.map(({ service, health: state, node, started, restarts, usage, url }) => [
    service,
    state,
    ...onNodes(node ?? ""),
    started ? elapsed((Date.now() - Date.parse(started)) / 1000) : "",
    restarts?.toString() ?? "",
    ...measured(usage ? `${usage.cpuPercent.toFixed(1)}%` : "", usage?.memory ?? ""),
    url ?? "",
  ]);
  const header = [
    "SERVICE",
    "HEALTH",
    ...onNodes("NODE"),
    "FOR",
    "RESTARTS",
    ...measured("CPU", "MEMORY"),
    "URL",
  ];
  const sizes = (volumes ?? []).map(({ volume, service, bytes }) => [
    volume,
    bytes === undefined ? "unknown" : size(bytes),
    service,
  ]);
  const notes = Object.entries(unavailable).map(([name, why]) => `\n${name} is not available: ${why}`);
  return [
    table(header, rows),
    ...(sizes.length > 0 ? [`\n${table(["VOLUME", "SIZE", "SERVICE"], sizes)}`] : []),
    ...notes,
  ].join("\n");
}

function health(container: Container): string {
  const { State } = container;
  if (isJob(container)) {
    if (State.Status !== "exited") return State.Status;
    return State.ExitCode === 0 ? "done" : `failed (exit code ${State.ExitCode})`;
  }
  if (container.Node !== undefined && State.Status === "created") return "no node takes it";
  if (State.Status !== "running")
    return `${State.Status} (exit code ${State.ExitCode}${State.OOMKilled ? ", out of memory" : ""})`;
  return State.Health?.Status ?? "running";
}
