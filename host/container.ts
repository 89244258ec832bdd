/** A container's health check as Docker has it. Times are in nanoseconds. */
export interface ContainerHealthcheck {
  readonly Interval: number;
  readonly Timeout: number;
  readonly StartPeriod: number;
  readonly Retries: number;
}

/** The fields of `docker inspect` that Ragdock uses. */
export interface Container {
  readonly Id: string;
  readonly Name: string;
  /** The node of a task of a Swarm. Empty for a task that is on none. @default no task */
  readonly Node?: string;
  /** The name of the service in the Swarm that a task belongs to. @default no task */
  readonly Service?: string;
  /** The tasks that this service should have. @default no task, or one on each node */
  readonly Replicas?: number;
  /** The id of a task's container on its node. @default no task, or its container does not exist yet */
  readonly OnNode?: string;
  /** Id of the container's image. */
  readonly Image: string;
  readonly Created: string;
  /** The program that it was started with. */
  readonly Path: string;
  readonly RestartCount: number;
  /**
   * Of the tasks that `RestartCount` counts, those that a node rejected: it could not pull the image,
   * or not create the container. They have no log. @default no task
   */
  readonly Rejected?: number;
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Error: string;
    readonly Health?: {
      readonly Status: "starting" | "healthy" | "unhealthy";
      /** Failed checks since the last good one. Failures in the start period do not count. */
      readonly FailingStreak: number;
      readonly Log:
        | readonly { readonly ExitCode: number; readonly Output: string; readonly End: string }[]
        | null;
    };
  };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>>;
    readonly Image: string;
    /** Its variables, as `NAME=value`. */
    readonly Env?: readonly string[] | null;
    readonly Healthcheck?: ContainerHealthcheck;
  };
  readonly Mounts: readonly { readonly Destination: string }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> };
  readonly HostConfig: {
    readonly Memory: number;
    readonly PortBindings: Readonly<Record<string, { HostIp: string; HostPort: string }[]>> | null;
  };
}
