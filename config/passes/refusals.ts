import type { ServiceSettings } from "../settings/schema.ts";
import { removeCommand, setCommand, toRun } from "../spec/message.ts";
import { type Problem, problem, withoutEffect } from "../spec/problem.ts";
import { isLongRunning } from "../spec/service.ts";
import { notAnApplication } from "./container-problems.ts";
import { ownPort } from "./container-settings.ts";
import { behindIngress } from "./ingress.ts";
import type { Wish } from "./pass.ts";
import { noRestart } from "./recovery.ts";
import { canSoak } from "./soak.ts";

/**
 * Refuses settings of a service that would have no effect, or would break other services. Without
 * an error, such a setting would seem to work.
 */
export function refusals(wish: Wish): Problem[] {
  const path = (key: string): string =>
    `services.${wish.service.name}.${key === "build" ? "build.args" : key}`;
  const useless = [...portReasons(wish), ...reasons(wish)];
  return [
    ...useless.map(({ key, why }) => withoutEffect(path(key), why)),
    ...unpublished(wish),
    ...neededBy(wish),
    ...developmentOnly(wish).map((key) => {
      const why = "production runs only what is in its images";
      return problem(path(key), "set", why, `${toRun}${removeCommand(path(key))}`);
    }),
  ];
}

interface Reason {
  readonly key: keyof ServiceSettings;
  readonly why: string;
}

/** Returns the reason why a service does not support `port` and `exposure`. */
function portReasons(wish: Wish): Reason[] {
  const { service, user, services } = wish;
  const keys = (["exposure", "port"] as const).filter((key) => user[key] !== undefined);
  if (keys.length === 0 || (isLongRunning(service) && service.ports.length > 0)) return [];
  if (ownPort(service) !== undefined) return closedPort(wish, keys);
  const owners = behindIngress(services).map((s) => s.name);
  const isFront = service.role === "ingress" || service.role === "gateway";
  const why = isFront
    ? `${service.name} publishes the ports of ${owners.join(", ")}: set the port there`
    : `${service.name} is reached through the gateway or inside its networks only`;
  return keys.map((key) => ({ key, why }));
}

/**
 * Why an application behind the gateway must not publish its port. The ingress has TLS, the
 * sign-in and the limits.
 */
function closedPort(
  { service: { name }, user, run }: Wish,
  keys: readonly (keyof ServiceSettings)[],
): Reason[] {
  const all = (why: string): Reason[] => keys.map((key) => ({ key, why }));
  const { ingress } = run.ctx.settings;
  if (run.ctx.prod) return all(`in prod, ${name} is reached through the ingress only`);
  if (ingress.signIn) return all(`requests to this port would bypass the sign-in of the gateway`);
  if (user.exposure === "public")
    return [{ key: "exposure", why: `only the ingress is public; ${name} can be on loopback` }];
  return user.exposure === "none" ? all(`${name} publishes no port by default`) : [];
}

/** Refuses a port on the host that nothing publishes. */
function unpublished({ service, user }: Wish): Problem[] {
  const [first] = isLongRunning(service) ? service.ports : [];
  if (!first || user.port === undefined || (user.exposure ?? first.exposure) !== "none") return [];
  const port = `services.${service.name}.port`;
  const exposure = `services.${service.name}.exposure`;
  const fix = `${toRun}${setCommand(exposure, "loopback")}; or: ${removeCommand(port)}`;
  return [problem(port, String(user.port), `${exposure} is none, so no port is published`, fix)];
}

function reasons({ service, user, services, run }: Wish): Reason[] {
  const { name } = service;
  const noApplication = notAnApplication(service, run);
  const container = (["user", "entrypoint", "extraHosts", "secrets", "build"] as const).map(
    (key) => [key, noApplication !== undefined, noApplication ?? ""] as const,
  );
  const once = `${name} is a job, which runs once`;
  const lasting = noRestart(service);
  const useless: readonly (readonly [key: keyof ServiceSettings, isUseless: boolean, why: string])[] = [
    ["replicas", !isLongRunning(service), once],
    ["shm", !isLongRunning(service), once],
    ["aliases", !isLongRunning(service), once],
    ...container,
    ["soak", !canSoak(service, services), `no gateway passes HTTP requests to ${name}`],
    [
      "sourceMount",
      user.sourceMount === true && !service.sourceMount,
      `${name} has no source in this project`,
    ],
    ["restartUnhealthy", lasting !== undefined, lasting ?? ""],
    ["gpus", !service.usesGpus, `${name} cannot use GPUs`],
  ];
  return useless.flatMap(([key, isUseless, why]) =>
    isUseless && user[key] !== undefined ? [{ key, why }] : [],
  );
}

const developmentOnly = ({ user, run }: Wish): string[] =>
  run.ctx.prod
    ? [...(user.sourceMount ? ["sourceMount"] : []), ...(user.mounts?.length ? ["mounts"] : [])]
    : [];

/**
 * Refuses to omit a service that others need. Exporters and consoles do not count. A service that
 * the pass `omit` can remove may be omitted.
 */
function neededBy({ service: { name, omit }, user, services, run }: Wish): Problem[] {
  const isOff = (other: string): boolean => run.ctx.settings.services[other]?.enabled === false;
  const users = services.filter(
    (s) => s.dependsOn.includes(name) && !isOff(s.name) && s.role !== "exporter" && s.role !== "monitoring",
  );
  if (user.enabled !== false || omit || users.length === 0) return [];
  const path = `services.${name}.enabled`;
  const why = `${users.map((s) => s.name).join(", ")} cannot work without ${name}`;
  return [problem(path, "false", why, `${toRun}${setCommand(path, "true")}`)];
}
