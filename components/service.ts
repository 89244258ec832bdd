import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { paced } from "../config/spec/paced-check.ts";
import { type LongRunning, listenAddress, publishedPorts } from "../config/spec/service.ts";
import { fullName } from "../config/spec/stack.ts";
import { goDuration, mebibytes, seconds } from "../config/spec/units.ts";
import { containerBase, ignoreChanges } from "./container.ts";
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
    this.containers = Array.from({ length: spec.replicas }, (_, index) => {
      const suffix = spec.replicas === 1 ? "" : `-${index + 1}`;
      return this.container(`${fullName(context, spec.name)}${suffix}`, args).name;
    });
    this.registerOutputs({ containers: this.containers });
  }

  private container(name: string, { context, spec, after }: UnitArgs<LongRunning>): docker.Container {
    const healthcheck = { ...spec.healthcheck, ...paced(spec.healthcheck) };
    const ports = publishedPorts(spec);
    return new docker.Container(
      name,
      {
        ...containerBase(context, spec, after),
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
        // A volume and a host port take one container at a time. Everything else starts the new
        // container first.
        deleteBeforeReplace: spec.kind === "stateful" || ports.length > 0,
        // Without this, a container that never became healthy would count as good at the next `up`
        // (pulumi/pulumi#17949).
        replaceOnChanges: ["#initerror", "healthcheck", "init", "tmpfs"],
        ignoreChanges,
      },
    );
  }
}

/**
 * Seconds after which a container counts as never healthy: its start period, the time of all
 * failing checks, and a margin. A stateful service gets a minute more, to initialise an empty
 * volume or to recover a full one.
 */
function longestWait({ kind, healthcheck }: LongRunning): number {
  const failing = healthcheck.retries * (seconds(healthcheck.interval) + seconds(healthcheck.timeout));
  return seconds(healthcheck.startPeriod) + failing + (kind === "stateful" ? 60 : 10);
}
