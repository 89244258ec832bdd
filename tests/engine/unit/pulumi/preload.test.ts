// Each test shows that a patch of engine/pulumi/preload.ts works, and that the SDK or Node still
// needs it. If a patch is no longer needed, delete it. These tests do not measure the saved time.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import resourceServices from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resource from "@pulumi/pulumi/proto/resource_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const PRELOAD = join(ROOT, "engine/pulumi/preload.ts");

interface Seen {
  debugMessages: number;
  stackTraces: number;
  resources: number;
  inspector: boolean;
  facts: Record<string, boolean>;
}

let folder = "";
let unpatched: Seen;
let patched: Seen;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ragdock-preload-"));
  unpatched = await runProgram(false);
  patched = await runProgram(true);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the SDK without and with a patch", () => {
  test("loads a compiler and a package manager", () => {
    expect(unpatched.facts).toMatchObject({ compiler: true, packageManager: true });
    expect(patched.facts).toMatchObject({ compiler: false, packageManager: false });
  });

  test("opens a debugger session", () => {
    expect([unpatched.inspector, patched.inspector]).toEqual([true, false]);
  });

  test("sends the stack trace of each resource", () => {
    expect(unpatched.stackTraces).toBe(unpatched.resources);
    expect(patched.stackTraces).toBe(0);
    expect(patched.resources).toBe(2);
  });

  test("sends debug messages", () => {
    expect(unpatched.debugMessages).toBeGreaterThan(unpatched.resources);
    expect(patched.debugMessages).toBe(0);
  });

  test("records each promise to search for leaks", () => {
    expect(unpatched.facts).toMatchObject({ watchedPromises: true, markedPromises: true });
    expect(patched.facts).toMatchObject({ watchedPromises: true, markedPromises: false });
  });
});

test("a program that leaves a promise open still fails", async () => {
  await expect(runProgram(true, { LEAK: "1" })).rejects.toThrow("promise");
});

test("only with the patch, Node colours an error with a frame that ends after node_modules/@scope", async () => {
  const script = join(folder, "colour.mjs");
  writeFileSync(
    script,
    `import util from "node:util";
     const error = Object.assign(new Error("x"), { stack: "Error: x\\n    at f (/a/node_modules/@scope)" });
     console.log(util.inspect(error, { colors: true }).includes("Error: x"));`,
  );
  const inspect = (...flags: string[]) =>
    run(process.execPath, ["--max-old-space-size=64", ...flags, script], { cwd: ROOT, timeout: 60_000 });
  await expect(inspect()).rejects.toThrow("out of memory");
  expect((await inspect("--import", PRELOAD)).stdout).toBe("true\n");
});

test("a version of the SDK without a patched function is refused with its version", async () => {
  const hide = join(folder, "hide.mjs");
  const log = createRequire(join(ROOT, "package.json")).resolve("@pulumi/pulumi/log/index.js");
  writeFileSync(
    hide,
    `import { createRequire } from "node:module";
     delete createRequire(import.meta.url)(${JSON.stringify(log)}).debug;`,
  );
  const started = run(process.execPath, ["--import", hide, "--import", PRELOAD, "-e", "0"], { cwd: ROOT });
  await expect(started).rejects.toThrow("@pulumi/pulumi 3.270.0 has no function debug in log/index.js");
});

/** Runs the program under the SDK's runner, against a monitor that only counts requests. */
async function runProgram(preload: boolean, env: NodeJS.ProcessEnv = {}): Promise<Seen> {
  const seen: Seen = { debugMessages: 0, stackTraces: 0, resources: 0, inspector: false, facts: {} };
  const server = new grpc.Server();
  server.addService(resourceServices.ResourceMonitorService as unknown as grpc.ServiceDefinition, {
    getDeploymentInfo: answer(() => new resource.DeploymentInfo().setProject("p").setStack("s")),
    supportsFeature: answer(() => new resource.SupportsFeatureResponse()),
    registerResource: answer((request: InstanceType<typeof resource.RegisterResourceRequest>) => {
      seen.resources++;
      if (request.hasStacktrace() && (request.getStacktrace()?.getFramesList().length ?? 0) > 0)
        seen.stackTraces++;
      return new resource.RegisterResourceResponse().setUrn(
        `urn:pulumi:s::p::${request.getType()}::${request.getName()}`,
      );
    }),
    registerResourceOutputs: answer(() => new empty.Empty()),
    signalAndWaitForShutdown: answer(() => new empty.Empty()),
  });
  server.addService(engineServices.EngineService as unknown as grpc.ServiceDefinition, {
    log: answer((request: InstanceType<typeof engine.LogRequest>) => {
      if (request.getSeverity() === engine.LogSeverity.DEBUG) seen.debugMessages++;
      return new empty.Empty();
    }),
    getRootResource: answer(() => new engine.GetRootResourceResponse()),
    setRootResource: answer(() => new engine.SetRootResourceResponse()),
  });
  const address = `unix:${join(folder, `${preload}.sock`)}`;
  await new Promise<void>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync(address, credentials, (error) => (error ? reject(error) : resolve()));
  });
  const factsFile = join(folder, `${preload}.json`);
  const runner = createRequire(join(ROOT, "package.json")).resolve("@pulumi/pulumi/cmd/run/index.js");
  // Records whether an inspector session was connected before the program ran.
  const watch = join(folder, "watch.mjs");
  writeFileSync(
    watch,
    `import { Session } from "node:inspector";
     const connect = Session.prototype.connect;
     Session.prototype.connect = function () { console.log("INSPECTOR"); return connect.call(this); };`,
  );
  const flags = Object.entries({ monitor: address, engine: address, project: "p", stack: "s", pwd: ROOT });
  const args = [
    ...(preload ? ["--import", PRELOAD] : []),
    "--import",
    watch,
    runner,
    ...flags.map(([flag, value]) => `--${flag}=${value}`),
    "tests/engine/programs/sdk-facts.ts",
  ];
  try {
    const { stdout } = await run(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, PULUMI_NODEJS_TYPESCRIPT: "false", FACTS_FILE: factsFile, ...env },
    });
    seen.inspector = stdout.includes("INSPECTOR");
  } finally {
    server.forceShutdown();
    rmSync(join(folder, `${preload}.sock`), { force: true });
  }
  seen.facts = JSON.parse(readFileSync(factsFile, "utf8")) as Record<string, boolean>;
  return seen;
}

// biome-ignore lint/suspicious/noExplicitAny: the library's type for a handler of any message.
function answer<Request>(handle: (request: Request) => unknown): grpc.handleUnaryCall<any, any> {
  return (call, callback) => callback(null, handle(call.request));
}
