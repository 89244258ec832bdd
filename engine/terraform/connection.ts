import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

// The handshake of go-plugin. A provider that starts without this pair refuses to serve.
const COOKIE = { TF_PLUGIN_MAGIC_COOKIE: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2" };
const V5_METHODS: Record<string, string> = {
  GetProviderSchema: "GetSchema",
  ConfigureProvider: "Configure",
  ValidateResourceConfig: "ValidateResourceTypeConfig",
};

/** The fields of a message of the protocol. */
export type Wire = Record<string, unknown>;

/** Calls a method of the provider. Methods have their names of protocol 6. */
export type Call = (method: string, request: Wire) => Promise<Wire>;

/** The options of a provider's process. */
export interface ProcessOptions {
  /** The working directory. */
  readonly cwd: string;
  /** @default the environment of this process */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** Starts a provider's binary. */
export function launch(binary: string, { cwd, env = process.env }: ProcessOptions): ChildProcess {
  // With a separate process group, Ctrl-C does not end a provider that is working.
  return spawn(binary, [], {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, ...COOKIE, PLUGIN_PROTOCOL_VERSIONS: "5,6", TF_LOG: "", PLUGIN_CLIENT_CERT: "" },
  });
}

/**
 * Waits for the line in which a provider prints its address.
 * @throws the provider's output if it ends before that or uses another protocol
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
      reject(new Error(`${binary} ended with exit code ${code} before it was ready: ${err.trim()}`)),
    );
    // The output is read to its end, because a full pipe would block the provider.
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

/** Connects to a provider at `address`. */
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
          error
            ? reject(new Error(`the call to the provider failed: ${error.details}`))
            : resolve(answer ?? {}),
      );
    });
  return { call, close: () => client.close() };
}
