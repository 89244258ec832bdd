import { randomBytes } from "node:crypto";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type struct from "google-protobuf/google/protobuf/struct_pb.js";
import { autoName, typeOfUrn } from "../pulumi/urn.ts";
import { type Properties, withSecrets } from "../pulumi/values.ts";
import { Operations, type Target } from "../terraform/operations.ts";
import { packageVersion, resourceType } from "../terraform/packages.ts";
import { ProviderPool } from "../terraform/pool.ts";
import { failure } from "./failure.ts";
import { done, fromStruct, stateOf, toStruct, withState } from "./properties.ts";

type Message<Type extends keyof typeof provider> = (typeof provider)[Type] extends new () => infer M
  ? M
  : never;
type Timeout = "create" | "update" | "delete";

/** Serves the pulumi CLI for one package. The real Terraform provider does the work. */
export class BridgeService {
  readonly #name: string;
  readonly #config: Record<string, string> = {};
  readonly #pool: ProviderPool;
  readonly #operations: Operations;

  constructor(name: string) {
    this.#name = name;
    // The CLI reads only the port from standard output. It shows standard error.
    const tell = (message: string) => process.stderr.write(`${message}\n`);
    this.#pool = new ProviderPool({
      cwd: process.cwd(),
      config: this.#config,
      note: tell,
      warn: tell,
      started: () => undefined,
    });
    this.#operations = new Operations(this.#pool);
  }

  stop(): Promise<void> {
    return this.#pool.stop();
  }

  pluginInfo(): InstanceType<typeof plugin.PluginInfo> {
    return new plugin.PluginInfo().setVersion(packageVersion(this.#name));
  }

  configure(request: Message<"ConfigureRequest">): Message<"ConfigureResponse"> {
    for (const [key, value] of Object.entries(fromStruct(request.getArgs()))) {
      this.#config[`${this.#name}:${key}`] = typeof value === "string" ? value : JSON.stringify(value);
    }
    return new provider.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
  }

  check(request: Message<"CheckRequest">): Message<"CheckResponse"> {
    const news = fromStruct(request.getNews());
    const olds = fromStruct(request.getOlds());
    const named = (news.name ?? null) !== null;
    if (!named && resourceType(typeOfUrn(request.getUrn())).autoName) {
      const seed = Buffer.from(request.getRandomseed_asU8());
      news.name = olds.name ?? autoName(request.getUrn(), seed.length > 0 ? seed : randomBytes(4));
    }
    return new provider.CheckResponse().setInputs(toStruct(news));
  }

  async diff(request: Message<"DiffRequest">): Promise<Message<"DiffResponse">> {
    const target = targetOf(request.getUrn());
    const change = await this.#operations.plan(
      target,
      fromStruct(request.getNews()),
      stateOf(request.getOlds()),
      request.getIgnorechangesList(),
    );
    const { DIFF_NONE, DIFF_SOME } = provider.DiffResponse.DiffChanges;
    const { deleteFirst } = resourceType(target.type);
    return new provider.DiffResponse()
      .setChanges(change.changed.length > 0 ? DIFF_SOME : DIFF_NONE)
      .setDiffsList([...change.changed])
      .setReplacesList([...change.replacing])
      .setDeletebeforereplace(change.replacing.length > 0 && deleteFirst === true);
  }

  async create(request: Message<"CreateRequest">): Promise<Message<"CreateResponse">> {
    const target = targetOf(request.getUrn(), "create", request.getTimeout());
    const inputs = fromStruct(request.getProperties());
    const change = await this.#operations.plan(target, inputs);
    if (request.getPreview()) {
      return new provider.CreateResponse().setProperties(toStruct(withSecrets(change.outputs, inputs, [])));
    }
    const result = done(await this.#operations.apply(target, change));
    const outputs = settled(result, inputs);
    if (result.error) throw failure(result.error, { id: result.id, outputs, inputs });
    return new provider.CreateResponse().setId(result.id).setProperties(toStruct(outputs));
  }

  async read(request: Message<"ReadRequest">): Promise<Message<"ReadResponse">> {
    const target = targetOf(request.getUrn());
    const outcome = await this.#operations.read(target, stateOf(request.getProperties()));
    // An answer without an id tells the CLI that the resource is gone.
    if (!outcome.tf) return new provider.ReadResponse();
    const result = done(outcome);
    return new provider.ReadResponse()
      .setId(result.id)
      .setProperties(toStruct(settled(result, fromStruct(request.getInputs()))))
      .setInputs(request.getInputs());
  }

  async update(request: Message<"UpdateRequest">): Promise<Message<"UpdateResponse">> {
    const target = targetOf(request.getUrn(), "update", request.getTimeout());
    const inputs = fromStruct(request.getNews());
    const prior = stateOf(request.getOlds());
    const ignored = request.getIgnorechangesList();
    const change = await this.#operations.plan(target, inputs, prior, ignored);
    if (request.getPreview()) {
      const outputs = withState(withSecrets(change.outputs, inputs, []), prior);
      return new provider.UpdateResponse().setProperties(toStruct(outputs));
    }
    const outcome = await this.#operations.apply(target, change, prior);
    const result = done({ ...outcome, tf: outcome.tf ?? prior });
    const outputs = settled(result, inputs);
    if (result.error) throw failure(result.error, { id: result.id || request.getId(), outputs, inputs });
    return new provider.UpdateResponse().setProperties(toStruct(outputs));
  }

  async delete(request: Message<"DeleteRequest">): Promise<empty.Empty> {
    const target = targetOf(request.getUrn(), "delete", request.getTimeout());
    const error = await this.#operations.remove(target, stateOf(request.getProperties()));
    if (error) throw new Error(error);
    return new empty.Empty();
  }

  /** Accepts every setting of a provider: `Configure` checks them. */
  checkConfig(request: Message<"CheckRequest">): Message<"CheckResponse"> {
    return new provider.CheckResponse().setInputs(request.getNews() as struct.Struct);
  }
}

function targetOf(urn: string, operation?: Timeout, seconds = 0): Target {
  const timeouts = operation && seconds > 0 ? { [operation]: `${seconds}s` } : undefined;
  // The CLI starts and configures one plugin per explicit provider.
  return { type: typeOfUrn(urn), provider: undefined, timeouts };
}

function settled(result: ReturnType<typeof done>, inputs: Properties): Properties {
  return withState(withSecrets(result.outputs, inputs, []), result.tf);
}
