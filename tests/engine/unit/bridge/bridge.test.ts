// Calls an installed plugin as the pulumi CLI does, without a Terraform provider. tests/pulumi runs
// it under the real CLI.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPlugins } from "../../../../engine/index.ts";

const URN = "urn:pulumi:s::p::docker:index/volume:Volume::data";

let home = "";
let paths: string[] = [];
let child: ChildProcess;
let client: grpc.Client;
beforeAll(async () => {
  // The quote in the name proves that the script quotes its paths.
  home = mkdtempSync(join(tmpdir(), "ragdock's-home-"));
  paths = installPlugins(home).map(({ path }) => path);
  child = spawn(paths[0] as string, { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), "line");
  client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
});
afterAll(() => {
  client?.close();
  child?.kill();
  rmSync(home, { recursive: true, force: true });
});

describe("a resource plugin", () => {
  test("is at the path where the CLI looks for it", () => {
    expect(paths.map((path) => relative(home, path))).toEqual([
      "plugins/resource-docker-v5.2.0/pulumi-resource-docker",
      "plugins/resource-random-v4.21.2/pulumi-resource-random",
    ]);
  });

  test("does not replace a plugin that Pulumi has downloaded, and replaces a plugin of Ragdock", () => {
    const other = mkdtempSync(join(tmpdir(), "ragdock-home-"));
    try {
      const [docker, random] = installPlugins(other);
      writeFileSync(docker?.path ?? "", "downloaded");
      expect(installPlugins(other)).toEqual([{ ...docker, installed: false }, random]);
      expect(readFileSync(docker?.path ?? "", "utf8")).toBe("downloaded");
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  test("reports its version", async () => {
    const info = (await call("getPluginInfo", new empty.Empty())) as { getVersion(): string };
    expect(info.getVersion()).toBe("5.2.0");
  });

  test("generates an absent name from the seed, keeps an old name, and keeps a given name", async () => {
    const name = async (olds: Properties, news: Properties) => {
      const request = new provider.CheckRequest().setUrn(URN).setNews(toStruct(news)).setOlds(toStruct(olds));
      const answer = await call("check", request.setRandomseed(Buffer.from("abcdef12", "hex")));
      return (answer as { getInputs(): struct.Struct }).getInputs().toJavaScript().name;
    };
    expect(await name({}, {})).toBe("data-abcdef1");
    expect(await name({ name: "old" }, {})).toBe("old");
    expect(await name({ name: "old" }, { name: "given" })).toBe("given");
  });

  test("refuses a resource that another plugin created, and does not report it as absent", async () => {
    const olds = toStruct({ name: "data", __meta: "{}" });
    const foreign = "was created by another plugin";
    const diff = new provider.DiffRequest()
      .setUrn(URN)
      .setOlds(olds)
      .setNews(toStruct({ name: "data" }));
    await expect(call("diff", diff)).rejects.toThrow(foreign);
    await expect(call("read", new provider.ReadRequest().setUrn(URN).setProperties(olds))).rejects.toThrow(
      foreign,
    );
    await expect(
      call("delete", new provider.DeleteRequest().setUrn(URN).setProperties(olds)),
    ).rejects.toThrow(foreign);
  });
});

type Properties = Record<string, struct.JavaScriptValue>;

function toStruct(properties: Properties): struct.Struct {
  return struct.Struct.fromJavaScript(properties);
}

function call(name: string, request: unknown): Promise<unknown> {
  const service = services.ResourceProviderService as unknown as grpc.ServiceDefinition;
  const method = service[name] as grpc.MethodDefinition<unknown, unknown>;
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
      error ? reject(new Error(error.details)) : resolve(answer),
    );
  });
}
