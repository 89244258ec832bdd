import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { ignoreChanges } from "../config/spec/container-options.ts";
import { settled } from "../config/spec/healthcheck.ts";
import { dockerCheck } from "../config/spec/recovery.ts";
import { type LongRunning, listenAddress, publishedPorts } from "../config/spec/service.ts";
import { fullName, replacesLabel, type StackName } from "../config/spec/stack.ts";
import { goDuration, mebibytes, seconds } from "../config/spec/units.ts";
import { containerBase, containerLabels } from "./container.ts";
import type { UnitArgs } from "./context.ts";

/**
 * A service that stays up: one container per replica, healthy before anything that depends on it
 * starts.
 */
export class Service extends pulumi.ComponentResource {
  /** Names of the containers. */
  readonly containers: readonly pulumi.Output<string>[];

  constructor(name: string, args: UnitArgs<LongRunning>, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:core:Service", name, {}, opts);
    const { context, spec } = args;
    this.containers = containerNames(context, spec).map((one) => this.container(one, args).name);
    this.registerOutputs({ containers: this.containers });
  }

  private container(name: string, { context, spec, after }: UnitArgs<LongRunning>): docker.Container {
    const healthcheck = { ...spec.healthcheck, ...dockerCheck(spec) };
    const ports = publishedPorts(spec);
    const replaces = context.broken[name];
    return new docker.Container(
      name,
      {
        ...containerBase(context, spec, after),
        labels: containerLabels(context, spec, replaces ? { [replacesLabel]: replaces } : {}),
        restart: "unless-stopped",
        ...(spec.restartUnhealthy ? { init: true } : {}),
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
        ports: ports.map((port) => ({
          internal: port.container,
          external: port.host,
          ip: listenAddress(port),
          protocol: "tcp",
        })),
      },
      {
        parent: this,
        dependsOn: [...after.resources],
        // Only one container at a time can use a volume or a host port. In all other cases, the new
        // container starts first.
        deleteBeforeReplace: spec.kind === "stateful" || ports.length > 0,
        // Without this, a container that never became healthy would count as healthy at the next
        // `up` (pulumi/pulumi#17949).
        replaceOnChanges: ["#initerror", "healthcheck", "init", "tmpfs"],
        ignoreChanges,
      },
    );
  }
}

/** The names of the resources of a service's containers, one per replica. */
export const containerNames = (stack: StackName, { name, replicas }: LongRunning): string[] =>
  Array.from({ length: replicas }, (_, index) =>
    fullName(stack, replicas === 1 ? name : `${name}-${index + 1}`),
  );

/**
 * Seconds after which a container counts as never healthy: its start period, the time of all
 * failing checks, and a margin. A stateful service gets a minute more, to initialise an empty
 * volume or to recover a full one.
 */
export const longestWait = ({ kind, healthcheck }: LongRunning): number =>
  settled(healthcheck) + (kind === "stateful" ? 60 : 10);
