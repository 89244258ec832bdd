// Declares the bench's idle services with the components of the real program.
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { StackContext } from "../../components/context.ts";
import { Service } from "../../components/service.ts";
import { longRunning } from "../../config/spec/service.ts";
import { idleSystem } from "../../tools/bench/idle.ts";

// As in index.ts, because the formatting of stack traces takes most of a program's load time.
Error.prepareStackTrace = undefined as never;

const config = new pulumi.Config();
const naming = { project: pulumi.getProject(), stack: pulumi.getStack() };
const system = idleSystem(config.requireNumber("count"), config.require("image"));
const network = new docker.Network("network", { name: `${naming.project}-${naming.stack}`, internal: true });
const context: StackContext = {
  ...naming,
  system,
  hostPath: (path) => path,
  stopReplaced: async () => {},
  imageProgram: async () => ({ entrypoint: [], command: [] }),
  images: {
    reference: () => config.require("image"),
    id: () => pulumi.output(config.require("image")),
    nodeReference: () => pulumi.output(config.require("image")),
  },
  networks: { backend: network.id },
  volumes: {},
  secrets: {},
  broken: {},
  revisions: {},
};

for (const spec of longRunning(system.services))
  new Service(spec.name, { context, spec, after: { resources: [], containers: [], gates: [] } });
