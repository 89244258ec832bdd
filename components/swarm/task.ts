import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { aliasesOn, hasWayOut, noDns } from "../../config/spec/networks.ts";
import { paced } from "../../config/spec/paced-check.ts";
import { type LongRunning, publishedPorts } from "../../config/spec/service.ts";
import { fullName } from "../../config/spec/stack.ts";
import { isOnEachNode, measuresHost, nodesWith, volumeNodeLabel } from "../../config/spec/swarm.ts";
import { mebibytes, seconds, shortDuration } from "../../config/spec/units.ts";
import { containerLabels, hasReadOnlyRoot, program } from "../container.ts";
import type { StackContext, UnitArgs } from "../context.ts";
import type { SwarmFiles } from "./files.ts";

type Task = docker.types.input.ServiceTaskSpec;
type Container = docker.types.input.ServiceTaskSpecContainerSpec;
type Mount = docker.types.input.ServiceTaskSpecContainerSpecMount;

/** What each container of a service of a Swarm runs, and where. */
export function taskOf(args: UnitArgs<LongRunning>, files: SwarmFiles, login: string | undefined): Task {
  const { context, spec } = args;
  const { limits, logs } = spec;
  return {
    containerSpec: { ...containerOf(args), image: imageOf(args, login), ...files },
    networksAdvanceds: networksOf(context, spec),
    resources: {
      limits: { nanoCpus: Math.round(limits.cpus * 1e9), memoryBytes: bytes(limits.memory) },
      ...(limits.reservation ? { reservation: { memoryBytes: bytes(limits.reservation) } } : {}),
    },
    // Each value is given. One that Swarm fills in would be a change at each `up`.
    restartPolicy: { condition: "any", delay: "5s", maxAttempts: 0, window: "0s" },
    ...placementOf(context, spec),
    logDriver: {
      name: "json-file",
      options: { "max-size": `${mebibytes(logs.maxSize)}m`, "max-file": String(logs.maxFiles) },
    },
  };
}

/** The nodes of a service: those with its data, or those that publish ports. Its replicas are spread. */
function placementOf(context: StackContext, spec: LongRunning): Pick<Task, "placement"> {
  const { spread, ingressNodes } = context.system.swarm;
  const constraints = [
    ...spec.volumes.map(({ volume }) => volumeNodeLabel(fullName(context, volume))),
    ...(ingressNodes !== undefined && isEntrance(spec) ? [ingressNodes] : []),
  ].map(nodesWith);
  const placement = {
    ...(constraints.length > 0 ? { constraints } : {}),
    // Without `spread=`, which the provider's documentation has: it would pass that on to Swarm.
    ...(spread !== undefined && !isOnEachNode(spec) ? { prefs: [`node.labels.${spread}`] } : {}),
  };
  return Object.keys(placement).length > 0 ? { placement } : {};
}

/** Whether it publishes ports for other machines. Each node pulls from itself. */
const isEntrance = (spec: LongRunning): boolean =>
  publishedPorts(spec).length > 0 && spec.role !== "registry";

/**
 * The image, known only when the jobs before the service have succeeded, and when a service with data
 * that the provider replaces has stopped.
 */
const imageOf = (
  { context, spec, after }: UnitArgs<LongRunning>,
  login: string | undefined,
): pulumi.Output<string> =>
  pulumi
    .all([
      context.images.nodeReference(spec.image, after.login),
      ...after.gates,
      // A store runs until all that its next container waits for is there.
      ...(spec.kind === "stateful" ? [...after.containers, ...networkIds(context, spec)] : []),
    ])
    .apply(async ([reference]) => {
      if (spec.kind === "stateful") await context.stopReplaced(spec, login);
      return reference as string;
    });

const networkIds = ({ networks }: StackContext, spec: LongRunning): pulumi.Input<string>[] =>
  spec.networks.flatMap((network) => networks[network] ?? []);

function containerOf({ context, spec }: UnitArgs<LongRunning>): Omit<Container, "image"> {
  const { entrypoints, command } = program(context, spec);
  return {
    ...(entrypoints ? { commands: entrypoints } : {}),
    ...(command ? { args: command } : {}),
    ...(spec.user ? { user: spec.user } : {}),
    ...(spec.workingDir ? { dir: spec.workingDir } : {}),
    ...hostnameOf(spec),
    env: { ...spec.environment },
    labels: containerLabels(context, spec),
    capDrops: ["ALL"],
    ...(spec.capabilities?.length ? { capAdds: spec.capabilities.map((name) => `CAP_${name}`) } : {}),
    ...(hasReadOnlyRoot(spec) ? { readOnly: true } : {}),
    mounts: mountsOf(context, spec),
    hosts: Object.entries(spec.extraHosts ?? {}).map(([host, ip]) => ({ host, ip })),
    ...(hasWayOut(spec) ? {} : { dnsConfig: { nameservers: noDns.servers, options: noDns.options } }),
    healthcheck: healthcheckOf(spec),
    ...graceOf(spec),
  };
}

/**
 * Swarm's own time is not given. When a service is removed, the provider waits just as long for its
 * containers on the manager, and fails if one needs all of it (kreuzwerker/terraform-provider-docker,
 * deleteService).
 */
const graceOf = ({ stopGracePeriod }: LongRunning): Pick<Container, "stopGracePeriod"> =>
  seconds(stopGracePeriod) === 10 ? {} : { stopGracePeriod: shortDuration(stopGracePeriod) };

/** Swarm fills in the name of the node, which node-exporter reports. */
const hostnameOf = (spec: LongRunning): Pick<Container, "hostname"> =>
  measuresHost(spec) ? { hostname: "{{.Node.Hostname}}" } : spec.hostname ? { hostname: spec.hostname } : {};

const bytes = (size: LongRunning["limits"]["memory"]): number => mebibytes(size) * 2 ** 20;

const networksOf = (context: StackContext, { name, aliases = [], networks }: LongRunning) => {
  const revision = context.revisions[name];
  const all = [...aliases, ...(revision ? [revision] : [])];
  return networks.map((network) => ({
    id: context.networks[network] as pulumi.Input<string>,
    aliases: aliasesOn(network, { name, aliases: all }),
  }));
};

/** /dev/shm is a folder in memory as any other: a service of a Swarm has no size for it. */
function mountsOf(context: StackContext, { mounts, volumes, tmpfs = [], shm }: LongRunning): Mount[] {
  const inMemory = (target: string, mebi: number): Mount => ({
    type: "tmpfs",
    target,
    tmpfsOptions: { sizeBytes: mebi * 2 ** 20 },
  });
  return [
    ...mounts.map(({ source, target, readOnly }) => ({
      type: "bind",
      source: context.hostPath(source),
      target,
      readOnly,
    })),
    ...volumes.map(({ volume, path, readOnly }) => ({
      type: "volume",
      source: context.volumes[volume] as pulumi.Input<string>,
      target: path,
      ...(readOnly ? { readOnly } : {}),
    })),
    ...tmpfs.map((path) => inMemory(path, 64)),
    ...(shm ? [inMemory("/dev/shm", mebibytes(shm))] : []),
  ];
}

/** Failed checks after which a container counts as unhealthy that never should. */
const never = 1_000_000;

/**
 * The health check for Swarm, which replaces an unhealthy container at once. A store may be
 * recovering its data, so only services that recover by a restart become unhealthy. All others are
 * `starting` until their first success.
 */
function healthcheckOf({ healthcheck, restartUnhealthy }: LongRunning): Container["healthcheck"] {
  const { test, timeout } = paced(healthcheck);
  const { interval, startPeriod } = healthcheck;
  return {
    tests: [...test],
    interval: shortDuration(interval),
    timeout: shortDuration(timeout),
    startPeriod: shortDuration(startPeriod),
    retries: restartUnhealthy ? Math.ceil(seconds(restartUnhealthy.after) / seconds(interval)) : never,
  };
}
