import type { ChildProcess } from "node:child_process";
import { type Call, connect, handshake, launch, type ProcessOptions, type Wire } from "./connection.ts";
import { decodeValue, encodeValue, type TfObject, type TfValue } from "./cty.ts";
import { type CtyType, type ProviderSchema, readSchema, typeOf, type WireSchemaResponse } from "./schema.ts";

// Providers use this only in their messages.
const CORE_VERSION = "1.9.0";

/** An error or a warning of the provider. */
export interface Diagnostic {
  readonly severity: number;
  readonly summary: string;
  readonly detail: string;
  readonly attribute: { steps: PathStep[] } | null;
}

/** One step of a path into a value: an attribute name, a map key or a list index. */
export interface PathStep {
  readonly selector: "attribute_name" | "element_key_string" | "element_key_int";
  readonly attribute_name?: string;
  readonly element_key_string?: string;
  readonly element_key_int?: number;
}

/** The plan of one change. */
export interface Plan {
  readonly planned: TfObject;
  readonly requiresReplace: readonly PathStep[][];
  readonly private: Uint8Array;
}

/** The result of one applied change. It can contain both a state and an error. */
export interface Applied {
  readonly state: TfObject | null;
  readonly private: Uint8Array;
  readonly error?: string;
}

/** A running provider, behind the Terraform plugin protocol. */
export class Plugin {
  readonly pid: number;
  readonly schema: ProviderSchema;
  readonly #child: ChildProcess;
  readonly #call: Call;
  readonly #close: () => void;
  readonly #warn: (message: string) => void;

  private constructor(
    child: ChildProcess,
    call: Call,
    close: () => void,
    schema: ProviderSchema,
    warn: (message: string) => void,
  ) {
    this.pid = child.pid ?? 0;
    this.schema = schema;
    this.#child = child;
    this.#call = call;
    this.#close = close;
    this.#warn = warn;
  }

  /** Starts a provider's binary, and reads its schema. */
  static async start(
    binary: string,
    options: ProcessOptions,
    warn: (message: string) => void,
  ): Promise<Plugin> {
    const child = launch(binary, options);
    try {
      const { protocol, address } = await handshake(child, binary);
      const { call, close } = connect(protocol, address);
      const answer = await call("GetProviderSchema", {});
      check(answer, warn);
      const schema = readSchema(answer as unknown as WireSchemaResponse, protocol);
      return new Plugin(child, call, close, schema, warn);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  async configure(config: TfObject): Promise<void> {
    const type = typeOf(this.schema.provider.block);
    const request = { terraform_version: CORE_VERSION, config: pack(config, type) };
    check(await this.#call("ConfigureProvider", request), this.#warn);
  }

  async validate(typeName: string, config: TfObject): Promise<void> {
    const request = { type_name: typeName, config: pack(config, this.#type(typeName)) };
    check(await this.#call("ValidateResourceConfig", request), this.#warn);
  }

  /** Returns a state of any version of the provider in this version's form. */
  async upgrade(typeName: string, version: number, state: TfObject): Promise<TfObject> {
    const raw = { json: Buffer.from(JSON.stringify(state)) };
    const answer = await this.#call("UpgradeResourceState", { type_name: typeName, version, raw_state: raw });
    check(answer, this.#warn);
    return unpack(answer.upgraded_state) as TfObject;
  }

  /** Reads the real resource. The state is null if the resource is gone. */
  async read(typeName: string, state: TfObject, secret: Uint8Array): Promise<Applied> {
    const current = pack(state, this.#type(typeName));
    const answer = await this.#call("ReadResource", {
      type_name: typeName,
      current_state: current,
      private: secret,
    });
    check(answer, this.#warn);
    return { state: unpack(answer.new_state) as TfObject | null, private: answer.private as Uint8Array };
  }

  async plan(
    typeName: string,
    prior: TfObject | null,
    proposed: TfObject,
    config: TfObject,
    secret: Uint8Array,
  ): Promise<Plan> {
    const type = this.#type(typeName);
    const answer = await this.#call("PlanResourceChange", {
      type_name: typeName,
      prior_state: pack(prior, type),
      proposed_new_state: pack(proposed, type),
      config: pack(config, type),
      prior_private: secret,
    });
    check(answer, this.#warn);
    return {
      planned: unpack(answer.planned_state) as TfObject,
      requiresReplace: (answer.requires_replace as { steps: PathStep[] }[]).map((path) => path.steps),
      private: answer.planned_private as Uint8Array,
    };
  }

  /**
   * Applies a plan. If `planned` is null, the resource is deleted. Returns errors instead of
   * throwing them, because the returned state is also needed.
   */
  async apply(
    typeName: string,
    prior: TfObject | null,
    planned: TfObject | null,
    config: TfObject | null,
    secret: Uint8Array,
  ): Promise<Applied> {
    const type = this.#type(typeName);
    const answer = await this.#call("ApplyResourceChange", {
      type_name: typeName,
      prior_state: pack(prior, type),
      planned_state: pack(planned, type),
      config: pack(config, type),
      planned_private: secret,
    });
    const state = unpack(answer.new_state) as TfObject | null;
    const error = errorsOf(answer, this.#warn);
    return { state, private: answer.private as Uint8Array, ...(error ? { error } : {}) };
  }

  /** Ends the provider. All its calls must have ended. */
  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#close();
    this.#child.kill("SIGKILL");
    if (this.#child.exitCode === null && this.#child.signalCode === null) await exited;
  }

  #type(typeName: string): CtyType {
    const schema = this.schema.resources[typeName];
    if (!schema) throw new Error(`the provider has no resource type "${typeName}"`);
    return typeOf(schema.block);
  }
}

function pack(value: TfValue, type: CtyType): { msgpack: Uint8Array } {
  return { msgpack: encodeValue(value, type) };
}

function unpack(value: unknown): TfValue {
  const bytes = (value as { msgpack?: Uint8Array } | null)?.msgpack;
  return bytes && bytes.length > 0 ? decodeValue(bytes) : null;
}

function check(answer: Wire, warn: (message: string) => void): void {
  const error = errorsOf(answer, warn);
  if (error) throw new Error(error);
}

function errorsOf(answer: Wire, warn: (message: string) => void): string | undefined {
  const diagnostics = (answer.diagnostics ?? []) as Diagnostic[];
  for (const diagnostic of diagnostics.filter((d) => d.severity === 2)) warn(describe(diagnostic));
  const errors = diagnostics.filter((d) => d.severity === 1).map(describe);
  return errors.length > 0 ? errors.join("\n") : undefined;
}

function describe({ summary, detail, attribute }: Diagnostic): string {
  const path = (attribute?.steps ?? [])
    .map((step) => step.attribute_name ?? step.element_key_string ?? step.element_key_int)
    .join(".");
  return [path && `${path}: `, summary, detail && detail !== summary ? `: ${detail}` : ""]
    .filter(Boolean)
    .join("");
}
