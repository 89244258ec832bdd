import type * as pulumi from "@pulumi/pulumi";
import type { Program } from "../config/spec/container-options.ts";
import type { RegistryLogin } from "../config/spec/own-registry.ts";
import type { ServiceSpec, SystemSpec } from "../config/spec/service.ts";
import type { StackName } from "../config/spec/stack.ts";
import type { StopReplaced } from "../config/spec/swarm.ts";
import type { Images } from "./images.ts";

/** The values that the parts of a stack share. */
export interface StackContext extends StackName {
  readonly system: SystemSpec;
  /** Turns a path of the project into a path of the Docker host. */
  readonly hostPath: (path: string) => string;
  readonly images: Pick<Images, "id" | "reference" | "nodeReference">;
  /** What an image runs, by its id. */
  readonly imageProgram: (id: string) => Promise<Program>;
  readonly stopReplaced: StopReplaced;
  /** Ids of the networks, by short name. */
  readonly networks: Readonly<Record<string, pulumi.Input<string>>>;
  /** Full names of the volumes, by short name. */
  readonly volumes: Readonly<Record<string, pulumi.Input<string>>>;
  /** Values of the secrets, by name. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** Ids of broken containers that will be replaced, by the name of their resource. */
  readonly broken: Readonly<Record<string, string>>;
  /** Aliases of the current revisions of applications, by service. */
  readonly revisions: Readonly<Record<string, string>>;
}

/** The resources that a service or a job waits for. */
export interface Predecessors {
  /** Services once they are healthy, jobs once they have succeeded. */
  readonly resources: readonly pulumi.Resource[];
  /** Names of the services' containers, known once these are healthy. */
  readonly containers: readonly pulumi.Output<string>[];
  /** One value per job, which is known only after the job ended with exit code 0. */
  readonly gates: readonly pulumi.Output<string>[];
  /** The login of the registry that the stack runs, known once it runs. @default there is none */
  readonly login?: pulumi.Output<RegistryLogin>;
}

/** The arguments of a service or a job. */
export interface UnitArgs<Spec extends ServiceSpec> {
  readonly context: StackContext;
  readonly spec: Spec;
  readonly after: Predecessors;
}
