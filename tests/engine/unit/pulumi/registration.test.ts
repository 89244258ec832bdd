// The engine reads each field of the SDK's request, refuses it by name, or ignores it for a reason
// that this file gives.
import aliases from "@pulumi/pulumi/proto/alias_pb.js";
import callbacks from "@pulumi/pulumi/proto/callback_pb.js";
import resource from "@pulumi/pulumi/proto/resource_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { describe, expect, test } from "vitest";
import { readRegistration } from "../../../../engine/pulumi/registration.ts";
import { requireVersion } from "../../../../engine/terraform/packages.ts";

const { RegisterResourceRequest } = resource;
type Request = InstanceType<typeof RegisterResourceRequest>;

const timeouts = () => new RegisterResourceRequest.CustomTimeouts().setCreate("1m");
const urns = () => new RegisterResourceRequest.PropertyDependencies().setUrnsList(["urn:x"]);

const READ: Readonly<Record<string, (request: Request) => unknown>> = {
  type: (r) => r.setType("a:b:C"),
  name: (r) => r.setName("n"),
  parent: (r) => r.setParent("urn:p"),
  custom: (r) => r.setCustom(true),
  object: (r) => r.setObject(struct.Struct.fromJavaScript({ a: 1 })),
  protect: (r) => r.setProtect(true),
  dependencies: (r) => r.setDependenciesList(["urn:x"]),
  propertydependencies: (r) => r.getPropertydependenciesMap().set("a", urns()),
  provider: (r) => r.setProvider("urn:p::id"),
  deletebeforereplace: (r) => r.setDeletebeforereplacedefined(true).setDeletebeforereplace(true),
  deletebeforereplacedefined: (r) => r.setDeletebeforereplacedefined(true),
  version: (r) => r.setVersion("1.0.0"),
  ignorechanges: (r) => r.setIgnorechangesList(["a"]),
  additionalsecretoutputs: (r) => r.setAdditionalsecretoutputsList(["a"]),
  customtimeouts: (r) => r.setCustomtimeouts(timeouts()),
  replaceonchanges: (r) => r.setReplaceonchangesList(["a"]),
  retainondelete: (r) => r.setRetainondelete(true),
  aliases: (r) => r.setAliasesList([new aliases.Alias().setUrn("urn:a")]),
  deletedwith: (r) => r.setDeletedwith("urn:d"),
};

const REFUSED: Readonly<Record<string, [name: RegExp, set: (request: Request) => unknown]>> = {
  remote: [/remote component/, (r) => r.setRemote(true)],
  importid: [/option import /, (r) => r.setImportid("x")],
  transforms: [/option transforms /, (r) => r.setTransformsList([new callbacks.Callback()])],
  replaceWith: [/option replaceWith /, (r) => r.setReplaceWithList(["urn:x"])],
  replacementTrigger: [/option replacementTrigger /, (r) => r.setReplacementTrigger(new struct.Value())],
  hooks: [/option hooks /, (r) => r.setHooks(new RegisterResourceRequest.ResourceHooksBinding())],
  hidediffs: [/option hideDiffs /, (r) => r.setHidediffsList(["a"])],
  plugindownloadurl: [/option pluginDownloadURL /, (r) => r.setPlugindownloadurl("https://x")],
  pluginchecksums: [
    /plugin checksum/,
    (r) => r.getPluginchecksumsMap().set("linux-amd64", new Uint8Array([1])),
  ],
  envvarmappings: [/option envVarMappings /, (r) => r.getEnvvarmappingsMap().set("A", "B")],
  packageref: [/parameterized package/, (r) => r.setPackageref("x")],
  stateMigrations: [/state migration/, (r) => r.setStateMigrationsList([new callbacks.Callback()])],
};

const IGNORED: Readonly<Record<string, string>> = {
  acceptsecrets: "a capability of the SDK: the engine sends no other values",
  acceptresources: "a capability of the SDK: the engine sends no references",
  acceptsByteString: "a capability of the SDK: the engine sends none",
  supportspartialvalues: "a capability of the SDK",
  supportsresultreporting: "a capability of the SDK, which this version always has",
  aliasspecs: "marks aliases as specs. readRegistration reads both specs and URNs",
  aliasurns: "only for a monitor without alias specs",
  providers: "for remote components, which are refused. A child's provider is in `provider`",
  sourceposition: "the position of the declaration, without an effect",
  stacktrace: "the position of the declaration, without an effect",
  parentstacktracehandle: "a reference to a stack trace",
  snippetid: "a reference to a part of the source text",
};

/** The fields of the request, from the accessors in the SDK's generated code. */
function fields(): string[] {
  const accessors = Object.getOwnPropertyNames(RegisterResourceRequest.prototype);
  const found = accessors.flatMap((name) => {
    const [, field] = /^set(.+?)(?:List)?$/.exec(name) ?? /^get(.+)Map$/.exec(name) ?? [];
    return field ? [field.charAt(0).toLowerCase() + field.slice(1)] : [];
  });
  return [...new Set(found)].sort();
}

describe("a request to register a resource", () => {
  test("every field that the SDK can send is accounted for", () => {
    expect([...Object.keys(READ), ...Object.keys(REFUSED), ...Object.keys(IGNORED)].sort()).toEqual(fields());
  });

  test.each(Object.entries(READ))("%s is read", (_, set) => {
    const request = new RegisterResourceRequest();
    set(request);
    expect(readRegistration(request)).not.toEqual(readRegistration(new RegisterResourceRequest()));
    expect(readRegistration(request).refusal).toBeUndefined();
  });

  test.each(Object.entries(REFUSED))("%s is refused by name", (_, [name, set]) => {
    const request = new RegisterResourceRequest();
    expect(readRegistration(request).refusal).toBeUndefined();
    set(request);
    expect(readRegistration(request).refusal).toMatch(name);
  });

  test("a version other than the installed one is refused", () => {
    const type = "docker:index/volume:Volume";
    requireVersion(type, undefined);
    requireVersion(type, "5.2.0");
    expect(() => requireVersion(type, "4.0.0")).toThrow(/option version "4.0.0" is not supported.* is 5.2.0/);
  });
});
