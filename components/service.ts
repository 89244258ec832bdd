import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { LongRunning } from "../config/spec/service.ts";
import { goDuration, mebibytes, seconds } from "../config/spec/units.ts";
import { containerBase, type StackContext } from "./container.ts";
import { fullName } from "./names.ts";

export interface ServiceArgs extends StackContext {
  readonly spec: LongRunning;
  /** What is started before it: services once healthy, jobs once ended well. */
  readonly after: readonly pulumi.Resource[];
  /** One value per job before it, known only when the job has ended with exit code 0. */
  readonly gates: Readonly<Record<string, pulumi.Input<string>>>;
}

/** One service that stays up: its containers, one per replica, healthy before anything that waits for them. */
export class Service extends pulumi.ComponentResource {
  /** Names of the containers. */
  readonly containers: readonly pulumi.Output<string>[];

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:core:Service", name, {}, opts);
    const { spec } = args;
    this.containers = Array.from({ length: spec.replicas }, (_, index) => {
      const suffix = spec.replicas === 1 ? "" : `-${index + 1}`;
      return this.container(`${fullName(args, spec.name)}${suffix}`, args).name;
    });
    this.registerOutputs({ containers: this.containers });
  }

  private container(name: string, args: ServiceArgs): docker.Container {
    const { spec } = args;
    const { healthcheck, endpoint } = spec;
    const published = endpoint !== undefined && endpoint.exposure !== "none";
    return new docker.Container(
      name,
      {
        ...containerBase(args, args.gates),
        restart: "unless-stopped",
        healthcheck: {
          tests: [...healthcheck.test],
          interval: goDuration(healthcheck.interval),
          timeout: goDuration(healthcheck.timeout),
          startPeriod: goDuration(healthcheck.startPeriod),
          retries: healthcheck.retries,
        },
        wait: true,
        waitTimeout: longestWait(spec),
        destroyGraceSeconds: seconds(spec.stopGracePeriod),
        stopTimeout: seconds(spec.stopGracePeriod),
        ...(spec.shm ? { shmSize: mebibytes(spec.shm) } : {}),
        volumes: spec.volumes.map((v) => ({
          volumeName: args.volumes[v.volume] as pulumi.Output<string>,
          containerPath: v.path,
        })),
        ports: published
          ? [
              {
                internal: endpoint.container,
                external: endpoint.host,
                ip: endpoint.exposure === "public" ? "0.0.0.0" : "127.0.0.1",
                protocol: "tcp",
              },
            ]
          : [],
      },
      {
        parent: this,
        dependsOn: [...args.after],
        // A volume and a port on the host take one container at a time; everything else starts the new one first.
        deleteBeforeReplace: spec.kind === "stateful" || published,
        // Without it a container that never got healthy would count as good at the next `up`.
        replaceOnChanges: ["#initerror", "healthcheck", "init", "tmpfs"],
      },
    );
  }
}

/**
 * Seconds until a container that is not healthy never will be: its grace, then every probe failing, then some.
 * A store gets a minute more: what it finds is an empty volume that it makes a cluster in, or one to recover.
 */
function longestWait({ kind, healthcheck }: LongRunning): number {
  const failing = healthcheck.retries * (seconds(healthcheck.interval) + seconds(healthcheck.timeout));
  return seconds(healthcheck.startPeriod) + failing + (kind === "stateful" ? 60 : 10);
}
