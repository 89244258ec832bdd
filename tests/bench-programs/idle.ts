// Declares the idle services of the bench with the components that the real program uses.
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { Service } from "../../components/service.ts";
import { isLongRunning } from "../../config/spec/service.ts";
import { idleSystem } from "../../tools/bench/idle.ts";

// As in index.ts: formatting stack traces is most of the time in which a program loads.
Error.prepareStackTrace = undefined as never;

const config = new pulumi.Config();
const naming = { project: pulumi.getProject(), stack: pulumi.getStack() };
const image = config.require("image");
const network = new docker.Network("network", { name: `${naming.project}-${naming.stack}`, internal: true });

for (const spec of idleSystem(config.requireNumber("count"), image).services.filter(isLongRunning)) {
  new Service(spec.name, {
    ...naming,
    spec,
    image,
    networks: { backend: network.id },
    volumes: {},
    secrets: {},
    releases: {},
    hostPath: (path) => path,
    after: [],
    gates: {},
  });
}
