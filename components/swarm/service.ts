import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type LongRunning, publishedPorts } from "../../config/spec/service.ts";
import { fullName } from "../../config/spec/stack.ts";
import { isOnEachNode, loginLabel } from "../../config/spec/swarm.ts";
import { containerLabels } from "../container.ts";
import type { UnitArgs } from "../context.ts";
import { longestWait } from "../service.ts";
import { declareFiles } from "./files.ts";
import { taskOf } from "./task.ts";

/** A service of a Swarm. Its containers are on any nodes, healthy before anything depends on them. */
export class SwarmService extends pulumi.ComponentResource {
  /** The name of the service in the Swarm. */
  readonly containers: readonly pulumi.Output<string>[];

  constructor(name: string, args: UnitArgs<LongRunning>, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:swarm:Service", name, {}, opts);
    this.containers = [this.service(args).name];
    this.registerOutputs({ containers: this.containers });
  }

  private service(args: UnitArgs<LongRunning>): docker.Service {
    const { context, spec, after } = args;
    const ports = publishedPorts(spec);
    const login = loginOf(args);
    const isGlobal = isOnEachNode(spec);
    const stopsFirst = isGlobal || spec.kind === "stateful";
    // A gateway changes in place, so that its old containers have gone before those of the old
    // revisions behind it: Swarm removes the containers of two services at the same time.
    const isInPlace = stopsFirst || spec.role === "gateway";
    return new docker.Service(
      fullName(context, spec.name),
      {
        labels: containerLabels(context, spec, login ? { [loginLabel]: login } : {}),
        taskSpec: taskOf(args, declareFiles(context, spec, this), login),
        ...(login ? authOf(args) : {}),
        mode: isGlobal ? { global: true } : { replicated: { replicas: spec.replicas } },
        // The addresses of the containers themselves, as on one engine. The gateway chooses.
        endpointSpec: {
          mode: "dnsrr",
          ports: ports.map((port) => ({
            protocol: "tcp",
            targetPort: port.container,
            publishedPort: port.host,
            publishMode: "host",
          })),
        },
        updateConfig: {
          parallelism: 1,
          delay: "0s",
          failureAction: "pause",
          monitor: "5s",
          maxFailureRatio: "0.0",
          order: stopsFirst ? "stop-first" : "start-first",
        },
        // The provider cannot wait for a global service.
        ...(isGlobal ? {} : { convergeConfig: { delay: "1s", timeout: `${longestWait(spec) + pull}s` } }),
      },
      {
        parent: this,
        dependsOn: [...after.resources],
        // Swarm itself stops a container on a volume before it starts the next one. An application is
        // a new service, so that gateways lead to one revision only.
        replaceOnChanges: isInPlace ? [] : ["taskSpec"],
        deleteBeforeReplace: stopsFirst,
        // Swarm adds the platforms of the image, if it can ask the registry.
        ignoreChanges: ["taskSpec.placement.platforms", "taskSpec.logDriver"],
      },
    );
  }
}

/**
 * The generation of the password with which nodes pull an image from the registry that the stack
 * runs. Undefined if it comes from elsewhere.
 */
function loginOf({ context, spec }: UnitArgs<LongRunning>): string | undefined {
  const { ownRegistry } = context.system;
  if (!ownRegistry || !context.images.reference(spec.image).startsWith(`${ownRegistry.address}/`))
    return undefined;
  const { source } = ownRegistry.password;
  return source.from === "generated" ? String(source.generation) : undefined;
}

const authOf = ({ after: { login } }: UnitArgs<LongRunning>): Pick<docker.ServiceArgs, "auth"> =>
  login ? { auth: { serverAddress: login.address, username: login.user, password: login.password } } : {};

/** Seconds in which a node pulls an image. */
const pull = 120;
