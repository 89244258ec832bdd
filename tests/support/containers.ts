import type { Container } from "../../host/docker.ts";

type State = Container["State"];

interface Given {
  readonly state?: Partial<Omit<State, "Health">>;
  readonly health?: Partial<NonNullable<State["Health"]>>;
  readonly kind?: "stateless" | "stateful" | "job";
  readonly restarts?: number;
  readonly created?: string;
}

/**
 * A container as `docker inspect` describes it: running and healthy, unless the test says
 * otherwise.
 */
export const containerLike = (service: string, given: Given = {}): Container => ({
  Id: `id-of-${service}${given.created ?? ""}`,
  Name: `/ragdock-dev-${service}-0000000`,
  Image: "sha256:0",
  Created: given.created ?? "",
  Path: "serve",
  RestartCount: given.restarts ?? 0,
  State: {
    Status: "running",
    StartedAt: "2026-01-01T00:00:00Z",
    ExitCode: 0,
    OOMKilled: false,
    Error: "",
    Health: { Status: "healthy", FailingStreak: 0, Log: null, ...given.health },
    ...given.state,
  },
  Config: {
    Labels: { "ragdock.service": service, "ragdock.kind": given.kind ?? "stateless" },
    Image: "image",
    Healthcheck: { Interval: 5e9, Timeout: 5e9, StartPeriod: 30e9, Retries: 3 },
  },
  Mounts: [],
  NetworkSettings: { Networks: { "ragdock-dev-backend": {} } },
  HostConfig: { Memory: 256 * 2 ** 20, PortBindings: null },
});
