import * as grpc from "@grpc/grpc-js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import status from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import type { Properties } from "../pulumi/values.ts";
import { toStruct } from "./properties.ts";

/** A resource that exists although its creation or update failed. */
export interface HalfMade {
  readonly id: string;
  readonly outputs: Properties;
  readonly inputs: Properties;
}

/**
 * Converts an error for gRPC. The error contains a partly created resource, so that the CLI keeps
 * the resource in its state.
 */
export function failure(message: string, halfMade?: HalfMade): Partial<grpc.ServiceError> {
  const metadata = new grpc.Metadata();
  if (halfMade) metadata.set("grpc-status-details-bin", details(message, halfMade));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

function details(message: string, { id, outputs, inputs }: HalfMade): Buffer {
  const detail = new provider.ErrorResourceInitFailed()
    .setId(id)
    .setProperties(toStruct(outputs))
    .setReasonsList([message])
    .setInputs(toStruct(inputs));
  const packed = new any.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const result = new status.Status();
  result.setCode(grpc.status.UNKNOWN);
  result.setMessage(message);
  result.addDetails(packed);
  return Buffer.from(result.serializeBinary());
}
