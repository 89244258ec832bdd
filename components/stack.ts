import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { revisionNames } from "../config/spec/revision.ts";
import { isLongRunning, type ServiceSpec, type SystemSpec } from "../config/spec/service.ts";
import { Images } from "./images.ts";
import { Job } from "./job.ts";
import { fullName, labels, type Naming } from "./names.ts";
import { Secrets } from "./secrets.ts";
import { Service } from "./service.ts";

export interface RagStackArgs extends Naming {
  readonly system: SystemSpec;
  /** Values of the secrets that the user sets, by their config key. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  readonly baseImage: string;
  readonly hostPath: (path: string) => string;
}

/** A whole system on one engine. */
export class RagStack extends pulumi.ComponentResource {
  /** Containers by service. */
  readonly containers: Readonly<Record<string, readonly pulumi.Output<string>[]>>;
  /** Full names of the volumes: what holds the data. */
  readonly volumes: readonly pulumi.Output<string>[];
  /** Generated and given secrets by name. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: RagStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:index:RagStack", name, {}, opts);
    const { services, secrets: sources, images: mode, pinned } = args.system;

    const networks = declareNetworks(args, this);
    const volumes = declareVolumes(args, this);
    const secrets = new Secrets(
      fullName(args, "secrets"),
      { ...naming(args), secrets: sources, fromConfig: args.secrets },
      { parent: this },
    );
    const images = new Images(
      fullName(args, "images"),
      { ...naming(args), mode, pinned, sources: services.map((s) => s.image), baseImage: args.baseImage },
      { parent: this },
    );

    const releases = revisionNames(services, (s) => images.reference(s.image), sources);
    const started = new Map<string, Service | Job>();
    for (const spec of inStartOrder(services)) {
      const before = spec.dependsOn.map((other) => started.get(other) as Service | Job);
      const common = {
        ...naming(args),
        image: images.id(spec.image),
        networks,
        volumes,
        secrets: secrets.values,
        releases,
        hostPath: args.hostPath,
        after: before,
      };
      const gates = Object.fromEntries(
        spec.dependsOn.flatMap((other) => {
          const job = started.get(other);
          return job instanceof Job ? [[other, job.gate]] : [];
        }),
      );
      started.set(
        spec.name,
        isLongRunning(spec)
          ? new Service(fullName(args, `${spec.name}-service`), { ...common, spec, gates }, { parent: this })
          : new Job(fullName(args, `${spec.name}-job`), { ...common, spec, gates }, { parent: this }),
      );
    }

    this.containers = Object.fromEntries(
      [...started].flatMap(([key, unit]) => (unit instanceof Service ? [[key, unit.containers]] : [])),
    );
    this.volumes = Object.values(volumes);
    this.secrets = secrets.values;
    this.registerOutputs({ containers: this.containers, volumes: this.volumes });
  }
}

const naming = ({ project, stack }: Naming): Naming => ({ project, stack });

/** Ids of the system's networks, by their short names. */
function declareNetworks(args: RagStackArgs, parent: pulumi.Resource): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(
    Object.entries(args.system.networks).map(([part, { internal }]) => {
      const name = fullName(args, part);
      const network = new docker.Network(
        name,
        { name, internal, labels: labels(args) },
        { parent, deleteBeforeReplace: true },
      );
      // By id: a network made anew under the same name has lost its containers, and they must follow it.
      return [part, network.id];
    }),
  );
}

/** Data outlives everything: no change of the program replaces or removes a volume. */
function declareVolumes(args: RagStackArgs, parent: pulumi.Resource): Record<string, pulumi.Output<string>> {
  const mounts = args.system.services.filter(isLongRunning).flatMap((s) => s.volumes);
  return Object.fromEntries(
    [...new Set(mounts.map((mount) => mount.volume))].map((part) => {
      const name = fullName(args, part);
      const volume = new docker.Volume(
        name,
        { name, labels: labels(args) },
        // Retained, not protected: a service that leaves the system must not stop every later `up`, and its data stays.
        { parent, retainOnDelete: true, ignoreChanges: ["labels", "driver", "driverOpts"] },
      );
      return [part, volume.name];
    }),
  );
}

/** Every service after those it waits for. */
function inStartOrder(services: readonly ServiceSpec[]): ServiceSpec[] {
  const byName = new Map(services.map((s) => [s.name, s]));
  const done = new Set<ServiceSpec>();
  const visit = (spec: ServiceSpec, path: readonly string[]): void => {
    if (done.has(spec)) return;
    if (path.includes(spec.name)) {
      throw new pulumi.RunError(
        `Services wait for each other in a circle: ${[...path, spec.name].join(" → ")}`,
      );
    }
    for (const other of spec.dependsOn) visit(byName.get(other) as ServiceSpec, [...path, spec.name]);
    done.add(spec);
  };
  for (const spec of services) visit(spec, []);
  return [...done];
}
