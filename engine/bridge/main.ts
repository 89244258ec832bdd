// A resource plugin for the pulumi CLI. Its argument is the package. The CLI reads the port from
// the first line of output.
import * as grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { failure } from "./failure.ts";
import { BridgeService } from "./service.ts";

// biome-ignore lint/suspicious/noExplicitAny: the library's type for a handler of any message.
type Handler = grpc.handleUnaryCall<any, any>;

const service = new BridgeService(process.argv[2] ?? "");

function answer<Request>(handle: (request: Request) => unknown): Handler {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => callback(null, response),
        (error) => callback("code" in error ? error : failure(error.message)),
      );
  };
}

const unsupported: Handler = (_, callback) => callback({ code: grpc.status.UNIMPLEMENTED });
const nothing = answer(() => new empty.Empty());

const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(services.ResourceProviderService as unknown as grpc.ServiceDefinition, {
  handshake: unsupported,
  getSchema: answer(() => new provider.GetSchemaResponse().setSchema("{}")),
  checkConfig: answer(service.checkConfig.bind(service)),
  diffConfig: answer(() => new provider.DiffResponse()),
  configure: answer(service.configure.bind(service)),
  check: answer(service.check.bind(service)),
  diff: answer(service.diff.bind(service)),
  create: answer(service.create.bind(service)),
  read: answer(service.read.bind(service)),
  update: answer(service.update.bind(service)),
  delete: answer(service.delete.bind(service)),
  invoke: unsupported,
  cancel: nothing,
  attach: nothing,
  getPluginInfo: answer(service.pluginInfo.bind(service)),
});

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => service.stop().finally(() => process.exit(0)));
}
