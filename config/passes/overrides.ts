import type { ServiceTemplate } from "../services/module.ts";
import { placeholderProblems } from "../services/placeholders.ts";
import type { ServiceSettings } from "../settings/schema.ts";
import { type Secret, withSecrets } from "../spec/content.ts";
import { defined } from "../spec/defined.ts";
import { removeCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import { secretsOf } from "../spec/secrets.ts";
import { isLongRunning } from "../spec/service.ts";
import { containerProblems } from "./container-problems.ts";
import {
  buildArguments,
  containerFields,
  openedPort,
  secretsForVariables,
  withBuildArguments,
} from "./container-settings.ts";
import type { Pass } from "./pass.ts";
import { refusals } from "./refusals.ts";

type Secrets = ReadonlyMap<string, Secret>;

/**
 * Applies the user's settings to every service, derived ones included. A setting that a service
 * cannot use is refused.
 */
export const overrides: Pass = (services, run) => {
  const all = run.ctx.settings.services;
  const possible = [...services, ...run.dropped];
  const secrets: Secrets = new Map(possible.flatMap(secretsOf).map((secret) => [secret.name, secret]));
  const forVariables = secretsForVariables(secrets, possible, run);
  const builds = buildArguments(services, run);
  const known = possible.map(({ name }) => name);
  for (const name of Object.keys(all).filter((one) => !known.includes(one)))
    run.problems.push(
      problem(
        `services.${name}`,
        "settings for a service that the system does not have",
        `${run.ctx.settings.system} has ${known.join(", ")}`,
        `${toRun}${removeCommand(`services.${name}`)}`,
      ),
    );
  return services.flatMap((given) => {
    const service = withBuildArguments(given, builds);
    const user = all[service.name];
    if (!user) return [service];
    const wish = { service, user, services, run };
    run.problems.push(
      ...refusals(wish),
      ...containerProblems(wish, forVariables),
      ...wrongSecrets(service.name, user, secrets),
    );
    if (user.enabled !== false) return [merge(service, user, secrets, forVariables)];
    run.dropped.push(service);
    return [];
  });
};

/** Puts a user's settings over a service's own values. Values without a setting stay. */
function merge(
  service: ServiceTemplate,
  user: ServiceSettings,
  secrets: Secrets,
  forVariables: Secrets,
): ServiceTemplate {
  const source = user.sourceMount ? service.sourceMount : undefined;
  const files = (user.files ?? []).map(({ path, content }) => ({
    path,
    content: withSecrets(content, secrets),
  }));
  const container = containerFields(service, user, forVariables);
  const merged = {
    ...service,
    ...container,
    environment: { ...service.environment, ...user.environment, ...source?.environment },
    files: [...(container.files ?? []), ...files],
    mounts: [...service.mounts, ...(user.mounts ?? []), ...(source ? [source.mount] : [])],
    limits: defined({ ...service.limits, ...defined(user.limits ?? {}) }),
    logs: { ...service.logs, ...defined(user.logs ?? {}) },
    ...defined({ gpus: user.gpus }),
  } as ServiceTemplate;
  if (!isLongRunning(merged)) return merged;
  const [first, ...others] = merged.ports;
  const port = first
    ? { ...first, ...defined({ host: user.port, exposure: user.exposure }) }
    : openedPort(merged, user);
  const { restartUnhealthy, ...rest } = merged;
  const recovers = user.restartUnhealthy ?? (source ? false : restartUnhealthy);
  return {
    ...rest,
    replicas: user.replicas ?? merged.replicas,
    ports: port ? [port, ...others] : [],
    // Code that is being edited may fail for a long time.
    ...(recovers ? { restartUnhealthy: recovers } : {}),
    ...defined({ shm: user.shm, soak: user.soak }),
  } as ServiceTemplate;
}

/** Reports files with placeholders that cannot be filled. */
const wrongSecrets = (service: string, user: ServiceSettings, secrets: Secrets): Problem[] =>
  (user.files ?? []).flatMap(({ content }, index) =>
    placeholderProblems(`services.${service}.files[${index}].content`, content, secrets),
  );
