import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { type Properties, reveal, secret } from "../pulumi/values.ts";
import type { Outcome, TfState } from "../terraform/operations.ts";

// The Terraform state is stored as one more output. The whole output is secret, because it contains
// sensitive values.
const TF_STATE = "__tfState";

export function toStruct(properties: Properties): struct.Struct {
  return struct.Struct.fromJavaScript(properties as Record<string, struct.JavaScriptValue>);
}

/** Reads a message's properties, without the fields that only plugins use. */
export function fromStruct(message: struct.Struct | undefined): Properties {
  const all = (message?.toJavaScript() ?? {}) as Properties;
  return Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith("__")));
}

/** Returns the outputs of a resource, with its Terraform state. */
export function withState(outputs: Properties, tf: TfState | undefined): Properties {
  return tf ? { ...outputs, [TF_STATE]: secret(JSON.stringify(tf)) } : outputs;
}

/** Returns the Terraform state of a resource. @throws for a resource that another plugin created */
export function stateOf(message: struct.Struct | undefined): TfState {
  const text = reveal((message?.toJavaScript() ?? {}) as Properties) as Properties;
  const state = text[TF_STATE];
  if (typeof state === "string") return JSON.parse(state) as TfState;
  throw new Error(
    "was created by another plugin: use that plugin for this stack, or first destroy the stack with it",
  );
}

/** Returns the result of a provider's work. @throws the provider's error when no resource exists */
export function done(outcome: Outcome): { tf: TfState; id: string; outputs: Properties; error?: string } {
  const { tf, id, outputs, error } = outcome;
  if (!tf) throw new Error(error ?? "the provider reported no result");
  return { tf, id: id ?? "", outputs: outputs ?? {}, ...(error ? { error } : {}) };
}
