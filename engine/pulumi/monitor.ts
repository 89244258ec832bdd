import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import resourceServices from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resourceMessages from "@pulumi/pulumi/proto/resource_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import type { Log, Severity } from "./log.ts";
import { type Registered, type Registration, readRegistration } from "./registration.ts";
import { makeUrn } from "./urn.ts";
import { holdsSecret, type Properties } from "./values.ts";

/** Pulumi's name for the organization of every stack in a local backend. */
export const ORGANIZATION = "organization";
const STACK_REFERENCE = "pulumi:pulumi:StackReference";

// Lists only the supported features. The SDK refuses all others with its own error.
const { ResourceMonitorFeature: FEATURE, Result: RESULT } = resourceMessages;
const FEATURES = [
  FEATURE.RESOURCE_MONITOR_FEATURE_SECRETS,
  FEATURE.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  FEATURE.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  FEATURE.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
];
const LEGACY_FEATURES = ["secrets", "resourceReferences", "aliasSpecs", "deletedWith"];
const SEVERITIES: readonly Severity[] = ["debug", "info", "warning", "error"];

/** Handles the program's requests. */
export interface MonitorHandlers {
  readonly project: string;
  readonly stack: string;
  readonly dryRun: boolean;
  readonly log: Log;
  register(registration: Registration): Promise<Registered>;
  setOutputs(urn: string, outputs: Properties): Promise<void>;
  /** Returns the outputs of the stack's last successful run. */
  readOutputs(): Promise<Properties>;
  /** Whether the run was interrupted, so that no new operation may start. */
  stopped(): boolean;
}

/**
 * Serves the two services that a Pulumi program calls, on a socket that only this user can open.
 */
export class Monitor {
  readonly address: string;
  readonly #folder: string;
  readonly #server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  readonly #handlers: MonitorHandlers;
  readonly #busy = new Set<Promise<unknown>>();
  /**
   * Errors of the SDK that repeat a failed registration, whose cause the handler has already
   * reported. Only their text identifies them. tests/engine/unit/pulumi/monitor.test.ts compares
   * the text with the real SDK.
   */
  readonly #echoes = new Set<string>();
  #root = "";

  private constructor(handlers: MonitorHandlers) {
    this.#handlers = handlers;
    this.#folder = mkdtempSync(join(tmpdir(), "ragdock-"));
    this.address = `unix:${join(this.#folder, "monitor.sock")}`;
  }

  static async start(handlers: MonitorHandlers): Promise<Monitor> {
    const monitor = new Monitor(handlers);
    monitor.#serve();
    await new Promise<void>((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      monitor.#server.bindAsync(monitor.address, credentials, (error) => (error ? reject(error) : resolve()));
    });
    return monitor;
  }

  /** Waits until all running registrations have ended. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0) await Promise.allSettled([...this.#busy]);
  }

  stop(): void {
    this.#server.forceShutdown();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #serve(): void {
    this.#server.addService(implementable(resourceServices.ResourceMonitorService), {
      getDeploymentInfo: answer(() => this.#info()),
      supportsFeature: answer((request: InstanceType<typeof resourceMessages.SupportsFeatureRequest>) =>
        new resourceMessages.SupportsFeatureResponse().setHassupport(
          LEGACY_FEATURES.includes(request.getId()),
        ),
      ),
      registerResource: answer((request: InstanceType<typeof resourceMessages.RegisterResourceRequest>) =>
        this.#register(request),
      ),
      registerResourceOutputs: answer(
        async (request: InstanceType<typeof resourceMessages.RegisterResourceOutputsRequest>) => {
          await this.#handlers.setOutputs(
            request.getUrn(),
            (request.getOutputs()?.toJavaScript() ?? {}) as Properties,
          );
          return new empty.Empty();
        },
      ),
      signalAndWaitForShutdown: answer(() => new empty.Empty()),
      invoke: refuse((r) => `the function ${r.getTok()}`, "pass the value through the stack's config"),
      call: refuse((r) => `the method ${r.getTok()}`, "compute the value in the program"),
      readResource: answer((request: InstanceType<typeof resourceMessages.ReadResourceRequest>) =>
        this.#read(request),
      ),
      existsResource: refuse((r) => `looking up ${r.getType()}`, "declare the resource in this program"),
      registerStackTransform: refuse(() => "a stack transform", "change the arguments in the program"),
      registerStackInvokeTransform: refuse(
        () => "an invoke transform",
        "change the arguments in the program",
      ),
      registerResourceHook: refuse(() => "a resource hook", "use a job container that the others depend on"),
      registerErrorHook: refuse(
        () => "an error hook",
        "handle the failure in the code that runs the program",
      ),
      registerPackage: refuse(
        (r) => `the parameterized package ${r.getName()}`,
        "use the docker and random packages",
      ),
    });
    this.#server.addService(implementable(engineServices.EngineService), {
      log: answer((request: InstanceType<typeof engineMessages.LogRequest>) => {
        this.#log(SEVERITIES[request.getSeverity()] ?? "info", request.getMessage(), request.getUrn());
        return new empty.Empty();
      }),
      getRootResource: answer(() => new engineMessages.GetRootResourceResponse().setUrn(this.#root)),
      setRootResource: answer((request: InstanceType<typeof engineMessages.SetRootResourceRequest>) => {
        this.#root = request.getUrn();
        return new engineMessages.SetRootResourceResponse();
      }),
      startDebugging: answer(() => new empty.Empty()),
      requirePulumiVersion: answer(() => new engineMessages.RequirePulumiVersionResponse()),
    });
  }

  #info(): InstanceType<typeof resourceMessages.DeploymentInfo> {
    const { project, stack, dryRun } = this.#handlers;
    const info = new resourceMessages.DeploymentInfo().setProject(project).setStack(stack).setDryrun(dryRun);
    return info.setSupportedfeaturesList(FEATURES);
  }

  /** Reads the stack's outputs. The program can read no other resource. */
  async #read(
    request: InstanceType<typeof resourceMessages.ReadResourceRequest>,
  ): Promise<InstanceType<typeof resourceMessages.ReadResourceResponse>> {
    const { project, stack } = this.#handlers;
    const own = `${ORGANIZATION}/${project}/${stack}`;
    if (request.getType() !== STACK_REFERENCE || request.getId() !== own) {
      const instead =
        request.getType() === STACK_REFERENCE
          ? "pass the value through this stack's config"
          : "declare the resource in this program";
      throw new Error(unsupported(`reading ${request.getType()} "${request.getName()}"`, instead));
    }
    const outputs = await this.#handlers.readOutputs();
    const secretOutputNames = Object.keys(outputs).filter((name) => holdsSecret(outputs[name]));
    const properties = { name: own, outputs, secretOutputNames } as Record<string, struct.JavaScriptValue>;
    return new resourceMessages.ReadResourceResponse()
      .setUrn(makeUrn(stack, project, undefined, STACK_REFERENCE, own))
      .setProperties(struct.Struct.fromJavaScript(properties));
  }

  async #register(
    request: InstanceType<typeof resourceMessages.RegisterResourceRequest>,
  ): Promise<InstanceType<typeof resourceMessages.RegisterResourceResponse>> {
    // On this status the SDK ends the program without a stack trace.
    if (this.#handlers.stopped()) throw { code: grpc.status.UNAVAILABLE, details: "the run was interrupted" };
    const work = this.#handlers.register(readRegistration(request));
    this.#busy.add(work);
    const done = await work.finally(() => this.#busy.delete(work));
    if (done.failed)
      this.#echoes.add(`resource ${request.getName()} [${request.getType()}] failed to register`);
    return new resourceMessages.RegisterResourceResponse()
      .setUrn(done.urn)
      .setId(done.id)
      .setObject(struct.Struct.fromJavaScript(done.outputs as Record<string, struct.JavaScriptValue>))
      .setUnknown(done.unknown ?? false)
      .setResult(done.failed ? RESULT.FAIL : RESULT.SUCCESS);
  }

  #log(severity: Severity, message: string, urn: string): void {
    // The SDK's debug messages contain whole answers, with secrets in clear text.
    if (severity === "debug") return;
    if (severity === "error" && [...this.#echoes].some((echo) => message.includes(echo))) return;
    this.#handlers.log(severity, message.trimEnd(), urn || undefined);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the library's type for handlers of any one message.
type Handler = grpc.handleUnaryCall<any, any>;

function answer<Request, Response>(handle: (request: Request) => Response | Promise<Response>): Handler {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => callback(null, response),
        (error) => callback("code" in error ? error : { code: grpc.status.UNKNOWN, details: error.message }),
      );
  };
}

interface Named {
  getTok(): string;
  getType(): string;
  getName(): string;
}

function refuse(what: (request: Named) => string, instead: string): Handler {
  return answer((request: Named) => {
    throw new Error(unsupported(what(request), instead));
  });
}

const unsupported = (what: string, instead: string): string =>
  `${what} is not supported by the embedded engine: ${instead}`;

// The types of the SDK's services come from an older version of the same gRPC library.
function implementable(service: unknown): grpc.ServiceDefinition {
  return service as grpc.ServiceDefinition;
}
