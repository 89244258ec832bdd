// The markers are part of Pulumi's protocol. The SDK's module with them loads the whole SDK, so the
// engine repeats them.
import * as rpc from "@pulumi/pulumi/runtime/rpc.js";
import { describe, expect, test } from "vitest";
import { isSecret, reveal, secret, UNKNOWN_VALUE } from "../../../../engine/pulumi/values.ts";

describe("marked values", () => {
  test("secrets and unknowns are marked as the SDK marks them", () => {
    expect(rpc.isRpcSecret(secret("x"))).toBe(true);
    expect(rpc.unwrapRpcSecret(secret("x"))).toBe("x");
    expect(isSecret({ [rpc.specialSigKey]: rpc.specialSecretSig, value: "x" })).toBe(true);
    expect(UNKNOWN_VALUE).toBe(rpc.unknownValue);
  });

  test("references are read, assets and archives are refused", () => {
    const marked = (signature: string) => ({ [rpc.specialSigKey]: signature, id: "the-id", urn: "urn:x" });
    expect(reveal(marked(rpc.specialResourceSig))).toBe("the-id");
    for (const signature of [rpc.specialAssetSig, rpc.specialArchiveSig]) {
      expect(() => reveal(marked(signature))).toThrow("assets and archives are not supported");
    }
  });
});
