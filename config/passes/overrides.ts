import type { ServiceTemplate } from "../services/template.ts";
import type { ServiceSettings } from "../settings/schema.ts";
import { defined } from "../spec/defined.ts";
import { isLongRunning } from "../spec/service.ts";

/** Puts a user's settings over a service's own values; what is not set stays. */
export function merge(draft: ServiceTemplate, user: ServiceSettings | undefined): ServiceTemplate {
  if (!user) return draft;
  const live = user.sourceMount ? draft.sourceMount : undefined;
  const merged = {
    ...draft,
    environment: { ...draft.environment, ...user.environment, ...live?.environment },
    files: [...draft.files, ...(user.files ?? [])],
    mounts: [...draft.mounts, ...(user.mounts ?? []), ...(live ? [live.mount] : [])],
    limits: defined({ ...draft.limits, ...defined(user.limits ?? {}) }),
    logs: { ...draft.logs, ...defined(user.logs ?? {}) },
  };
  if (!isLongRunning(merged)) return merged as ServiceTemplate;
  return {
    ...merged,
    replicas: user.replicas ?? merged.replicas,
    ...defined({
      shm: user.shm,
      soak: user.soak,
      endpoint: merged.endpoint && {
        ...merged.endpoint,
        ...defined({ host: user.port, exposure: user.exposure }),
      },
    }),
  } as ServiceTemplate;
}
