import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { programOf, startWith } from "../config/spec/container-options.ts";
import { type Content, fill, secretsIn } from "../config/spec/content.ts";
import { callsHost, hostGateway } from "../config/spec/host-gateway.ts";
import { aliasesOn, hasWayOut, noDns } from "../config/spec/networks.ts";
import { countFolder } from "../config/spec/recovery.ts";
import { type FileSpec, isLongRunning, type ServiceSpec } from "../config/spec/service.ts";
import { filesLabel, labels, revisionLabel } from "../config/spec/stack.ts";
import { cpuString, mebibytes } from "../config/spec/units.ts";
import type { Predecessors, StackContext } from "./context.ts";

/** Memory in these folders counts towards the limit of the container. Every user may write there. */
const tmpfsOf = ({ tmpfs = [], writable = {} }: ServiceSpec): Record<string, string> => ({
  ...Object.fromEntries(tmpfs.map((path) => [path, "size=64m"])),
  ...Object.fromEntries(
    Object.entries(writable).map(([path, size]) => [path, `size=${mebibytes(size)}m,mode=1777,exec`]),
  ),
});

/** Host names that the container has an address for. */
const hostsOf = (spec: ServiceSpec): docker.types.input.ContainerHost[] =>
  Object.entries({ ...(callsHost(spec) ? { [hostGateway]: "host-gateway" } : {}), ...spec.extraHosts }).map(
    ([host, ip]) => ({ host, ip }),
  );

/** What the container runs. A start script needs the whole command line, of which the image has a part. */
export function program(
  { images, imageProgram }: StackContext,
  spec: ServiceSpec,
): Pick<docker.ContainerArgs, "entrypoints" | "command"> {
  const { entrypoint, command, startScript, image } = spec;
  if (!startScript)
    return {
      ...(entrypoint ? { entrypoints: [...entrypoint] } : {}),
      ...(command ? { command: [...command] } : {}),
    };
  return {
    entrypoints: [...startWith(startScript)],
    command: images.id(image).apply(async (id) => [...programOf(spec, await imageProgram(id))]),
  };
}

/**
 * The provider uploads the files of a service after it has created the container. Docker refuses
 * that if the root file system is read-only (moby/moby, containerExtractToDir).
 */
export const hasReadOnlyRoot = ({ tmpfs, files }: ServiceSpec): boolean =>
  tmpfs !== undefined && files.length === 0;

/** The volume without a name in which a service with a read-only root counts its restarts. */
const countVolumes = (spec: ServiceSpec): docker.types.input.ContainerVolume[] =>
  hasReadOnlyRoot(spec) && isLongRunning(spec) && spec.restartUnhealthy
    ? [{ containerPath: countFolder }]
    : [];

/** The inputs that services and jobs have in common. */
export function containerBase(
  context: StackContext,
  spec: ServiceSpec,
  { gates }: Predecessors,
): docker.ContainerArgs {
  const revision = context.revisions[spec.name];
  const aliases = [...(spec.aliases ?? []), ...(revision ? [revision] : [])];
  return {
    // The image is known only when the jobs before it have succeeded, so that nothing starts with
    // an unfinished job before it.
    image: pulumi.all([context.images.id(spec.image), ...gates]).apply(([image]) => image as string),
    ...program(context, spec),
    ...(spec.user ? { user: spec.user } : {}),
    capabilities: {
      drops: ["ALL"],
      ...(spec.capabilities?.length ? { adds: spec.capabilities.map((name) => `CAP_${name}`) } : {}),
    },
    ...(spec.tmpfs || spec.writable ? { tmpfs: tmpfsOf(spec) } : {}),
    ...(hasReadOnlyRoot(spec) ? { readOnly: true } : {}),
    envs: Object.entries(spec.environment)
      .map(([key, value]) => `${key}=${value}`)
      .sort(),
    networksAdvanced: spec.networks.map((network) => ({
      name: context.networks[network] as pulumi.Input<string>,
      aliases: aliasesOn(network, { name: spec.name, aliases }),
    })),
    ...(hasWayOut(spec) ? {} : { dns: noDns.servers, dnsOpts: noDns.options }),
    mounts: spec.mounts.map((mount) => ({
      type: "bind",
      source: context.hostPath(mount.source),
      target: mount.target,
      readOnly: mount.readOnly,
    })),
    volumes: [
      ...spec.volumes.map(({ volume, path, readOnly }) => ({
        volumeName: context.volumes[volume] as pulumi.Input<string>,
        containerPath: path,
        ...(readOnly ? { readOnly } : {}),
      })),
      ...countVolumes(spec),
    ],
    uploads: spec.files.map((file) => upload(file, context)),
    ...(callsHost(spec) || spec.extraHosts ? { hosts: hostsOf(spec) } : {}),
    ...(spec.ulimits ? { ulimits: Object.entries(spec.ulimits).map(([name, at]) => ({ name, ...at })) } : {}),
    ...(spec.hostname ? { hostname: spec.hostname } : {}),
    ...(spec.workingDir ? { workingDir: spec.workingDir } : {}),
    ...(spec.gpus ? { gpus: spec.gpus } : {}),
    cpus: cpuString(spec.limits.cpus),
    memory: mebibytes(spec.limits.memory),
    // Without an explicit value, the provider would report a change at each `up`. Swap is
    // unlimited, because on a host without swap accounting, the provider reads back this value. A
    // number would have to change together with `memory`, which the provider does not do.
    memorySwap: -1,
    ...(spec.limits.reservation ? { memoryReservation: mebibytes(spec.limits.reservation) } : {}),
    logDriver: "json-file",
    logOpts: { "max-size": `${mebibytes(spec.logs.maxSize)}m`, "max-file": String(spec.logs.maxFiles) },
    // SELinux denies a container access to the host's folders. Changing their labels could deny
    // access to the host's own programs.
    securityOpts: ["no-new-privileges:true", ...(spec.mounts.length > 0 ? ["label=disable"] : [])],
    labels: containerLabels(context, spec),
  };
}

/** The labels of a container of a service or a job. */
export const containerLabels = (
  context: StackContext,
  { name, kind, ...spec }: ServiceSpec,
  extra: Readonly<Record<string, string>> = {},
): docker.types.input.ContainerLabel[] => {
  const isOwn = "ownPages" in spec && spec.ownPages;
  const revision = context.revisions[name];
  const own = {
    ...(revision ? { [revisionLabel]: revision } : {}),
    // In the container, files from the settings cannot be told from files that the application
    // wrote.
    ...(spec.files.length > 0 ? { [filesLabel]: JSON.stringify(spec.files.map(({ path }) => path)) } : {}),
  };
  return labels(context, {
    "ragdock.service": name,
    "ragdock.kind": kind,
    ...spec.labels,
    ...(isOwn ? own : {}),
    ...extra,
  });
};

/**
 * A file in the container of a service only. It is secret if it contains a secret. Owner and group
 * are left out, although the provider has them: Docker Engine 20.10 looks the user up in the
 * *host's* user database and fails for ids that are not there (moby/moby, copyUIDGID; tests/e2e
 * shows it). The provider treats empty content as missing ("one of 'content', 'content_base64', or
 * 'source' must be set"), so an empty file has a line end.
 */
const upload = (file: FileSpec, context: StackContext): docker.types.input.ContainerUpload => ({
  file: file.path,
  content: file.content === "" ? "\n" : filled(file.content, context),
  permissions: "0444",
});

/** The text of a content, with secrets and revisions filled in. */
export function filled(content: Content, { secrets, revisions }: StackContext): pulumi.Input<string> {
  const names = secretsIn(content).map(({ name }) => name);
  const revision = (service: string): string => revisions[service] ?? service;
  if (names.length === 0) return fill(content, { secret: () => "", revision });
  const values = pulumi.all(names.map((name) => secrets[name] as pulumi.Input<string>));
  return pulumi.secret(
    values.apply((all) => {
      const byName = new Map(names.map((name, index) => [name, all[index] as string]));
      return fill(content, { secret: ({ name }) => byName.get(name) ?? "", revision });
    }),
  );
}
