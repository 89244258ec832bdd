import type { ServiceSettings } from "./schema.ts";
import { type BindMount, type Endpoint, isLongRunning, type NetworkName } from "./service.ts";
import { liveSource } from "./services/app.ts";
import type { Draft } from "./services/draft.ts";

/** Puts a user's settings over a service's own values; what is not set stays. */
export function merge(draft: Draft, user: ServiceSettings | undefined): Draft {
  if (!user) return draft;
  const mounts: BindMount[] = [...draft.mounts, ...(user.mounts ?? [])];
  if (user.live) mounts.push(liveSource);
  const merged = {
    ...draft,
    environment: { ...draft.environment, ...user.environment, ...(user.live ? { RAG_RELOAD: "1" } : {}) },
    mounts,
    limits: defined({ ...draft.limits, ...defined(user.limits ?? {}) }),
    logs: { ...draft.logs, ...defined(user.logs ?? {}) },
  };
  if (!isLongRunning(merged)) return merged as Draft;
  const endpoint = merged.endpoint && {
    ...merged.endpoint,
    ...defined({ host: user.port, exposure: user.exposure }),
  };
  return {
    ...merged,
    replicas: user.replicas ?? merged.replicas,
    ...defined({ shm: user.shm }),
    ...(endpoint ? { endpoint, networks: reachable(merged.networks, endpoint) } : {}),
  } as Draft;
}

/** A port on an internal network alone cannot be published: an exposed service joins the network that leads out. */
function reachable(networks: readonly NetworkName[], { exposure }: Endpoint): readonly NetworkName[] {
  return exposure === "none" || networks.includes("frontend") ? networks : [...networks, "frontend"];
}

/** `object` without the keys that hold undefined: a spread would let them win. */
function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
