import type { ServiceTemplate } from "../services/module.ts";
import type { ServiceSettings } from "../settings/schema.ts";
import { type Problem, problem, removeCommand, setCommand, withoutEffect } from "../spec/problem.ts";
import { isLongRunning } from "../spec/service.ts";
import type { Run } from "./pass.ts";
import { canSoak } from "./soak.ts";

/** The settings of a service that would do nothing, or break others. A setting without a word would seem to work. */
export function refusals(
  service: ServiceTemplate,
  user: ServiceSettings,
  services: readonly ServiceTemplate[],
  run: Run,
): Problem[] {
  const { name } = service;
  const path = (key: string): string => `services.${name}.${key}`;
  const useless = [...portReasons(service, user, services), ...reasons(service, user, services)];
  return [
    ...useless.map(({ key, why }) => withoutEffect(path(key), why)),
    ...unpublished(service, user),
    ...(user.enabled === false ? neededBy(service, services, run) : []),
    ...(run.ctx.prod ? developmentOnly(user) : []).map((key) =>
      problem(
        path(key),
        "set",
        "production runs only what is in its images",
        `Run: ${removeCommand(path(key))}`,
      ),
    ),
  ];
}

interface Reason {
  readonly key: keyof ServiceSettings;
  readonly why: string;
}

/** Why a service has no use for `port` and `exposure`. */
function portReasons(
  service: ServiceTemplate,
  user: ServiceSettings,
  services: readonly ServiceTemplate[],
): Reason[] {
  const keys = (["exposure", "port"] as const).filter((key) => user[key] !== undefined);
  if (keys.length === 0 || (isLongRunning(service) && service.ports.length > 0)) return [];
  const owners = services
    .filter((s) => isLongRunning(s) && s.ports.length > 0 && ["gateway", "api", "ui"].includes(s.role))
    .map((s) => s.name);
  const isFront = service.role === "ingress" || service.role === "gateway";
  const why = isFront
    ? `${service.name} publishes the ports of ${owners.join(", ")}: set it there`
    : `${service.name} is reached through the gateway or inside its networks only`;
  return keys.map((key) => ({ key, why }));
}

/** A port on the host that nothing publishes. */
function unpublished(service: ServiceTemplate, user: ServiceSettings): Problem[] {
  const [first] = isLongRunning(service) ? service.ports : [];
  if (!first || user.port === undefined || (user.exposure ?? first.exposure) !== "none") return [];
  const { name } = service;
  const exposure = `services.${name}.exposure`;
  const fix = `Run: ${setCommand(exposure, "loopback")}; or: ${removeCommand(`services.${name}.port`)}`;
  return [
    problem(`services.${name}.port`, String(user.port), `${exposure} is none, so no port is published`, fix),
  ];
}

function reasons(
  service: ServiceTemplate,
  user: ServiceSettings,
  services: readonly ServiceTemplate[],
): Reason[] {
  const { name } = service;
  const found: Reason[] = [];
  if (!isLongRunning(service)) {
    for (const key of ["replicas", "shm"] as const)
      if (user[key] !== undefined) found.push({ key, why: `${name} is a job and runs once` });
  }
  if (user.soak !== undefined && !canSoak(service, services))
    found.push({ key: "soak", why: `no gateway leads to ${name} over HTTP` });
  if (user.sourceMount && !service.sourceMount)
    found.push({ key: "sourceMount", why: `${name} has no source in this project` });
  if (user.gpus !== undefined && !service.usesGpus)
    found.push({ key: "gpus", why: `${name} does not compute on GPUs` });
  return found;
}

const developmentOnly = (user: ServiceSettings): string[] => [
  ...(user.sourceMount ? ["sourceMount"] : []),
  ...(user.mounts?.length ? ["mounts"] : []),
];

/** Refuses to omit a service that others need. Exporters, consoles and services that wait for an optional job do not count. */
function neededBy(
  { name, omit }: ServiceTemplate,
  services: readonly ServiceTemplate[],
  run: Run,
): Problem[] {
  const isOff = (other: string): boolean => run.ctx.settings.services[other]?.enabled === false;
  const users = services.filter(
    (s) => s.dependsOn.includes(name) && !isOff(s.name) && s.role !== "exporter" && s.role !== "monitoring",
  );
  if (omit || users.length === 0) return [];
  const path = `services.${name}.enabled`;
  const why = `${users.map((s) => s.name).join(", ")} cannot work without ${name}`;
  return [problem(path, "false", why, `Run: ${setCommand(path, "true")}`)];
}
