import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

// The go-plugin handshake: a provider started without this pair refuses to serve.
const COOKIE = { TF_PLUGIN_MAGIC_COOKIE: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2" };
const V5_METHODS: Record<string, string> = {
  GetProviderSchema: "GetSchema",
  ConfigureProvider: "Configure",
  ValidateResourceConfig: "ValidateResourceTypeConfig",
};

/** A message of the protocol, field by field. */
export type Wire = Record<string, unknown>;

/** Asks the provider; methods are named as in protocol 6. */
export type Call = (method: string, request: Wire) => Promise<Wire>;

/** Starts a provider's binary with `cwd` as its working directory; it serves once it has shaken hands. */
export function launch(binary: string, cwd: string): ChildProcess {
  // Its own process group: Ctrl-C must not reach a provider in the middle of its work.
  return spawn(binary, [], {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...COOKIE, PLUGIN_PROTOCOL_VERSIONS: "5,6", TF_LOG: "", PLUGIN_CLIENT_CERT: "" },
  });
}

/**
 * Waits for the line with which a provider says where it serves.
 * @throws what it said instead, when it ends or speaks another protocol
 */
export function handshake(
  child: ChildProcess,
  binary: string,
): Promise<{ protocol: 5 | 6; address: string }> {
  return new Promise((resolve, reject) => {
    let out = "";
    let err = "";
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`${binary} ended before serving (exit ${code}): ${err.trim()}`)),
    );
    // Drained for good: a full pipe would block the provider.
    child.stderr?.on("data", (data: Buffer) => {
      err = (err + data.toString()).slice(-2000);
    });
    child.stdout?.on("data", (data: Buffer) => {
      out += data.toString();
      const line = out.split("\n", 1)[0] ?? "";
      if (!out.includes("\n")) return;
      const [, protocol, network, path] = line.split("|");
      if (protocol !== "5" && protocol !== "6") return reject(new Error(`unexpected handshake: ${line}`));
      child.removeAllListeners("exit");
      resolve({
        protocol: protocol === "5" ? 5 : 6,
        address: network === "unix" ? `unix:${path}` : String(path),
      });
    });
  });
}

/** A connection to a provider that serves at `address`. */
export function connect(protocol: 5 | 6, address: string): { call: Call; close: () => void } {
  const definition = loadSync(fileURLToPath(new URL("tfplugin.proto", import.meta.url)), {
    keepCase: true,
    longs: Number,
    defaults: true,
    oneofs: true,
  });
  const service = definition["tfplugin.Provider"] as grpc.ServiceDefinition;
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const call: Call = (method, request) =>
    new Promise((resolve, reject) => {
      const definition = service[method] as grpc.MethodDefinition<Wire, Wire>;
      const name = protocol === 5 ? (V5_METHODS[method] ?? method) : method;
      client.makeUnaryRequest(
        `/tfplugin${protocol}.Provider/${name}`,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        (error, answer) =>
          error ? reject(new Error(`the provider broke off: ${error.details}`)) : resolve(answer ?? {}),
      );
    });
  return { call, close: () => client.close() };
}
