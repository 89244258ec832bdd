import type { ServiceTemplate } from "../services/module.ts";
import { appStartScript, secretFiles, variableSecrets } from "../services/own-app-secrets.ts";
import { secretHolders } from "../services/own-app-settings.ts";
import type { ServiceSettings } from "../settings/schema.ts";
import type { Secret } from "../spec/content.ts";
import { defined } from "../spec/defined.ts";
import { problem } from "../spec/problem.ts";
import { isGuarded, isLongRunning, type PublishedPort, type ServiceSpec } from "../spec/service.ts";
import type { Run } from "./pass.ts";

type Secrets = ReadonlyMap<string, Secret>;

/**
 * The secrets that variables of services may use: those of the system without the logins of
 * administrators and monitors, and those that the user's settings add.
 */
export function secretsForVariables(
  secrets: Secrets,
  services: readonly ServiceTemplate[],
  { ctx }: Run,
): Secrets {
  const kept = services
    .filter(isGuarded)
    .flatMap(({ credentials: { admin, monitor } }) =>
      [admin, monitor.user, monitor.password].map(({ name }) => name),
    );
  const usable = [...secrets].filter(([name]) => !kept.includes(name));
  return new Map([...usable, ...variableSecrets(ctx, secretHolders(ctx.settings))]);
}

/** The fields of a service that the settings of its container change. */
export function containerFields(
  service: ServiceTemplate,
  user: ServiceSettings,
  secrets: Secrets,
): Partial<ServiceTemplate> {
  const files = secretFiles(user, secrets);
  return defined({
    files: [...service.files, ...files],
    startScript: files.length > 0 ? appStartScript : service.startScript,
    user: user.user ?? service.user,
    entrypoint: user.entrypoint ?? service.entrypoint,
    aliases: user.aliases ? [...(service.aliases ?? []), ...user.aliases] : service.aliases,
    extraHosts: user.extraHosts ? { ...service.extraHosts, ...user.extraHosts } : service.extraHosts,
    // The addresses may be outside of the stack.
    outside: user.outside ?? (user.extraHosts ? true : service.outside),
  }) as Partial<ServiceTemplate>;
}

/** The port that an application does not publish, but could. */
export const ownPort = (service: ServiceSpec): number | undefined =>
  isLongRunning(service) && isApplication(service) && service.ports.length === 0
    ? service.blackbox?.port
    : undefined;

/** The port that the settings publish of an application behind the gateway. */
export function openedPort(service: ServiceSpec, user: ServiceSettings): PublishedPort | undefined {
  const container = ownPort(service);
  if (container === undefined || (user.port ?? user.exposure) === undefined) return undefined;
  return { container, host: user.port ?? container, exposure: user.exposure ?? "loopback" };
}

export const isApplication = ({ role }: ServiceSpec): boolean => ["api", "ui", "worker"].includes(role);

/** The build arguments of the user, by image and by name. */
export type BuildArguments = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** The build arguments that the settings add to each image. Several services may share an image. */
export function buildArguments(services: readonly ServiceTemplate[], { ctx, problems }: Run): BuildArguments {
  const all = new Map<string, Record<string, string>>();
  for (const { name, image } of services) {
    const args = ctx.settings.services[name]?.build?.args;
    if (!args || image.from !== "build") continue;
    const before = all.get(image.name) ?? {};
    for (const [key, value] of Object.entries(args)) {
      if (key in before && before[key] !== value)
        problems.push(
          problem(
            `services.${name}.build.args.${key}`,
            `"${value}"`,
            `another service sets it to "${before[key]}", and both use the image ${image.name}`,
            "Write the same for both, or remove one of them.",
          ),
        );
    }
    all.set(image.name, { ...args, ...before });
  }
  return all;
}

/** A service with the build arguments of its image. */
export function withBuildArguments(service: ServiceTemplate, all: BuildArguments): ServiceTemplate {
  const { image } = service;
  const args = image.from === "build" ? all.get(image.name) : undefined;
  if (image.from !== "build" || !args) return service;
  return { ...service, image: { ...image, args: { ...image.args, ...args } } };
}
