import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { revisionPlaceholder } from "../config/spec/revision.ts";
import { secretPlaceholder, secretsIn } from "../config/spec/secrets.ts";
import type { FileSpec, ServiceSpec } from "../config/spec/service.ts";
import { cpuString, mebibytes } from "../config/spec/units.ts";
import { labels, type Naming } from "./names.ts";

/** What a container needs of the stack around it. */
export interface StackContext extends Naming {
  readonly spec: ServiceSpec;
  readonly image: pulumi.Input<string>;
  /** Ids of the networks, by their short names. */
  readonly networks: Readonly<Record<string, pulumi.Input<string>>>;
  /** Full names of the volumes, by their short ones. */
  readonly volumes: Readonly<Record<string, pulumi.Input<string>>>;
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** Names of the releases of services, by service. */
  readonly releases: Readonly<Record<string, string>>;
  /** Turns a path of the project into the host's. */
  readonly hostPath: (path: string) => string;
}

/** The inputs that services and jobs have in common. */
export function containerBase(
  args: StackContext,
  gates: Readonly<Record<string, pulumi.Input<string>>> = {},
): docker.ContainerArgs {
  const { spec } = args;
  const memory = mebibytes(spec.limits.memory);
  const release = args.releases[spec.name];
  return {
    image: args.image,
    ...(spec.command ? { command: [...spec.command] } : {}),
    ...(spec.user ? { user: spec.user } : {}),
    envs: Object.entries(spec.environment)
      .map(([key, value]) => `${key}=${value}`)
      .sort(),
    networksAdvanced: spec.networks.map((network) => ({
      name: args.networks[network] as pulumi.Input<string>,
      aliases: [spec.name, ...(spec.aliases ?? []), ...(release ? [release] : [])],
    })),
    mounts: spec.mounts.map((mount) => ({
      type: "bind",
      source: args.hostPath(mount.source),
      target: mount.target,
      readOnly: mount.readOnly,
    })),
    uploads: spec.files.map((file) => upload(file, args)),
    cpus: cpuString(spec.limits.cpus),
    memory,
    // Said, so that it is no change at each `up`; unlimited, since a host without swap accounting reads back just this,
    // and a number would have to grow together with `memory`, which the provider does not do.
    memorySwap: -1,
    ...(spec.limits.reservation ? { memoryReservation: mebibytes(spec.limits.reservation) } : {}),
    logDriver: "json-file",
    logOpts: { "max-size": `${mebibytes(spec.logs.maxSize)}m`, "max-file": String(spec.logs.maxFiles) },
    securityOpts: ["no-new-privileges:true"],
    labels: [
      ...labels(args, { "ragdock.service": spec.name, "ragdock.kind": spec.kind }),
      // Nothing with an unfinished job before it is created: its gate has no value yet.
      ...Object.entries(gates).map(([job, value]) => ({ label: `ragdock.after.${job}`, value })),
    ],
  };
}

/**
 * A file of the service, in its container alone; secret when a secret is in it.
 * Owner and group are left out although the provider has them: with them the engine looks the container's user up in
 * the *host's* user database and fails on every id that is not there (Engine 20.10, copyUIDGID; shown by tests/e2e).
 */
function upload(file: FileSpec, args: StackContext): docker.types.input.ContainerUpload {
  const content = file.content.replace(revisionPlaceholder, (_, name: string) => args.releases[name] ?? name);
  return { file: file.path, content: filled(content, args.secrets), permissions: "0444" };
}

/** `content` with the secrets named in it in their places. */
function filled(content: string, secrets: StackContext["secrets"]): pulumi.Input<string> {
  const names = secretsIn(content);
  if (names.length === 0) return content;
  const values = pulumi.all(names.map((name) => secrets[name] as pulumi.Input<string>));
  return pulumi.secret(
    values.apply((all) => {
      const byName = new Map(names.map((name, index) => [name, all[index] as string]));
      return content.replace(secretPlaceholder, (_, name: string) => byName.get(name) ?? "");
    }),
  );
}
