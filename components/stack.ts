import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Program } from "../config/spec/container-options.ts";
import { defined } from "../config/spec/defined.ts";
import { openNetworkOptions } from "../config/spec/networks.ts";
import {
  type PushImage,
  type RegistryLogin,
  registryName,
  registryUser,
} from "../config/spec/own-registry.ts";
import {
  isLongRunning,
  type LongRunning,
  type ServiceSpec,
  type SystemSpec,
} from "../config/spec/service.ts";
import { createdLabel, fullName, labels, ownerLabel, type StackName } from "../config/spec/stack.ts";
import { inStartOrder } from "../config/spec/start-order.ts";
import type { StopReplaced } from "../config/spec/swarm.ts";
import type { Target } from "../config/spec/target.ts";
import type { Predecessors, StackContext } from "./context.ts";
import { imageMode, imagePlan } from "./image-plan.ts";
import { Images } from "./images.ts";
import { Job } from "./job.ts";
import { revisionNames } from "./revision.ts";
import { Secrets } from "./secrets.ts";
import { containerNames, Service } from "./service.ts";
import { declareOverlays, networksFor } from "./swarm/networks.ts";
import { SwarmService } from "./swarm/service.ts";

export interface RagStackArgs extends StackName {
  readonly system: SystemSpec;
  /** The user and the machine that deploy. */
  readonly deployer: string;
  /** Values of the secrets that the user sets, by their config key. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** For each secret, a text that changes with the value but does not reveal it, by config key. */
  readonly secretVersions: Readonly<Record<string, string>>;
  /** Generated secrets of earlier deployments that stay in the state, with their generations. */
  readonly keptSecrets: Readonly<Record<string, number>>;
  /** What an image runs, by its id. */
  readonly imageProgram: (id: string) => Promise<Program>;
  readonly pushImage: PushImage;
  readonly stopReplaced: StopReplaced;
  readonly baseImage: string;
  /**
   * Creation times of the volumes that Docker already has, by full name. "" if it is unknown. On a
   * Swarm, those that are recorded.
   */
  readonly existingVolumes: Readonly<Record<string, string>>;
  /** Ids of broken containers that will be replaced, by the name of their resource. */
  readonly broken: Readonly<Record<string, string>>;
  readonly hostPath: (path: string) => string;
}

/** A whole system on one Docker host, or on the nodes of a Swarm. */
export class RagStack extends pulumi.ComponentResource {
  readonly target: Target;
  /** Names of the containers, by service. */
  readonly containers: Readonly<Record<string, readonly pulumi.Output<string>[]>>;
  /** When each volume was created, by full name. */
  readonly volumes: Readonly<Record<string, pulumi.Output<string>>>;
  /** Generated and given secrets, by name. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
  /** Generated secrets that stay in the state, with their generations. */
  readonly keptSecrets: Readonly<Record<string, number>>;
  /** References of the images, by short name. */
  readonly images: Readonly<Record<string, string>>;

  constructor(name: string, args: RagStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:index:RagStack", name, {}, opts);
    const { system, project, stack } = args;

    this.target = system.target;
    const isSwarm = this.target === "swarm";
    const networks = (isSwarm ? declareOverlays : declareNetworks)(args, this);
    // A node creates a volume when the first container of a Swarm needs it there.
    const volumes = isSwarm ? {} : declareVolumes(args, this);
    const secrets = new Secrets(
      fullName(args, "secrets"),
      { project, stack, secrets: system.secrets, fromConfig: args.secrets, kept: args.keptSecrets },
      // This is protected even if the stack has no secret: `down` keeps what is protected, and with
      // it the stack's outputs, which are its history.
      { parent: this, protect: true },
    );
    const images = new Images(fullName(args, "images"), imagesArgs(args), { parent: this });
    const context: StackContext = {
      project,
      stack,
      system,
      hostPath: args.hostPath,
      images,
      imageProgram: args.imageProgram,
      stopReplaced: args.stopReplaced,
      networks,
      volumes: Object.fromEntries(
        volumeParts(args).map((part) => [part, volumes[part]?.name ?? fullName(args, part)]),
      ),
      secrets: secrets.values,
      broken: args.broken,
      revisions: revisionsOf(args, (s) => images.reference(s.image)),
    };
    const started = startAll(context, this);

    this.containers = Object.fromEntries(
      [...started].flatMap(([key, unit]) => (unit instanceof Job ? [] : [[key, unit.containers]])),
    );
    this.volumes = isSwarm
      ? volumesOfNodes(args)
      : Object.fromEntries(
          Object.entries(volumes).map(([part, { labels }]) => [
            fullName(args, part),
            labels.apply(createdAt),
          ]),
        );
    this.secrets = secrets.values;
    this.keptSecrets = secrets.kept;
    this.images = images.references();
    this.registerOutputs({ containers: this.containers, volumes: this.volumes });
  }
}

type RevisionArgs = StackName & Pick<RagStackArgs, "system" | "broken" | "secretVersions">;

const revisionsOf = (args: RevisionArgs, reference: (service: LongRunning) => string) =>
  revisionNames(
    args.system.services,
    reference,
    (s) => containerNames(args, s).flatMap((container) => args.broken[container] ?? []),
    args.secretVersions,
  );

/** The revisions of applications that a deployment will have, before anything is declared. */
export const plannedRevisions = (
  args: RevisionArgs & Pick<RagStackArgs, "baseImage">,
): Record<string, string> =>
  revisionsOf(
    args,
    ({ image }) => imagePlan(image, imageMode(args.system, args.project, args.baseImage)).reference,
  );

const imagesArgs = ({ project, stack, system, baseImage, pushImage }: RagStackArgs) => ({
  ...imageMode(system, project, baseImage),
  stack,
  pushImage,
  sources: system.services.map(({ image }) => image),
});

/** A service on one engine or on a Swarm, or a job, which is a container in both cases. */
type Unit = Service | SwarmService | Job;

/** Declares every service and job after those that it depends on. */
function startAll(shared: StackContext, parent: pulumi.Resource): Map<string, Unit> {
  const started = new Map<string, Unit>();
  const Running = shared.system.target === "swarm" ? SwarmService : Service;
  for (const spec of inStartOrder(shared.system.services).order) {
    const after = { ...predecessors(spec, started), ...defined({ login: loginOf(shared, started) }) };
    const context = { ...shared, networks: networksFor(spec, shared.networks) };
    started.set(
      spec.name,
      isLongRunning(spec)
        ? new Running(fullName(context, `${spec.name}-service`), { context, spec, after }, { parent })
        : new Job(fullName(context, `${spec.name}-job`), { context, spec, after }, { parent }),
    );
  }
  return started;
}

function predecessors(spec: ServiceSpec, started: ReadonlyMap<string, Unit>): Predecessors {
  const before = spec.dependsOn.map((name) => started.get(name) as Unit);
  const containers = before.flatMap((unit) => (unit instanceof Job ? [] : unit.containers));
  const gates = before.flatMap((unit) => (unit instanceof Job ? [unit.gate] : []));
  return { resources: before, containers, gates };
}

/** The login of the registry that the stack runs, known once that runs. Undefined before it is declared. */
function loginOf(
  { system: { ownRegistry }, secrets }: StackContext,
  started: ReadonlyMap<string, Unit>,
): pulumi.Output<RegistryLogin> | undefined {
  const nginx = started.get(registryName);
  if (!ownRegistry || !(nginx instanceof SwarmService)) return undefined;
  const { address, password } = ownRegistry;
  return pulumi
    .all([secrets[password.name], ...nginx.containers])
    .apply(([value]) => ({ address, user: registryUser, password: value as string }));
}

/** Ids of the system's networks, by short name. */
function declareNetworks(args: RagStackArgs, parent: pulumi.Resource): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(
    Object.entries(args.system.networks).map(([part, { internal }]) => {
      const name = fullName(args, part);
      const network = new docker.Network(
        name,
        {
          name,
          internal,
          ...(internal ? {} : { options: openNetworkOptions }),
          labels: labels(args, { [ownerLabel]: args.deployer }),
        },
        // The user who deployed first stays the owner.
        { parent, deleteBeforeReplace: true, ignoreChanges: ["labels"] },
      );
      // Refers to networks by id, because containers must be replaced when a network is created
      // again under the same name.
      return [part, network.id];
    }),
  );
}

/** When a volume was created, by its labels. "" for a volume that this program did not create. */
const createdAt = (all: readonly { label: string; value: string }[] | undefined): string =>
  all?.find(({ label }) => label === createdLabel)?.value ?? "";

/** Short names of the system's volumes. */
const volumeParts = ({ system }: Pick<RagStackArgs, "system">): string[] => [
  ...new Set(system.services.flatMap((s) => s.volumes.map(({ volume }) => volume))),
];

/** When each volume of a Swarm was first deployed, by full name. No manager knows when a node created it. */
export function volumesOfNodes(
  args: StackName & Pick<RagStackArgs, "system" | "existingVolumes">,
): Record<string, pulumi.Output<string>> {
  const now = new Date().toISOString();
  const names = volumeParts(args).map((part) => fullName(args, part));
  return Object.fromEntries(names.map((name) => [name, pulumi.output(args.existingVolumes[name] ?? now)]));
}

/** The system's volumes, by short name. No change of the program replaces or removes a volume. */
function declareVolumes(args: RagStackArgs, parent: pulumi.Resource): Record<string, docker.Volume> {
  const now = new Date().toISOString();
  return Object.fromEntries(
    volumeParts(args).map((part) => {
      const name = fullName(args, part);
      // Docker keeps the labels of an existing volume, so the state must have the same labels.
      const created = args.existingVolumes[name] ?? now;
      const volume = new docker.Volume(
        name,
        { name, labels: labels(args, created === "" ? {} : { [createdLabel]: created }) },
        // Volumes are retained and not protected, because with protection, a removed service would
        // stop every later `up`. Its data stays.
        { parent, retainOnDelete: true, ignoreChanges: ["labels", "driver", "driverOpts"] },
      );
      return [part, volume];
    }),
  );
}
