/**
 * `make reliability TARGET=swarm`: changes and faults of `full` on a Swarm of three engines, which
 * share this machine (tools/swarm/nodes.ts). It writes a section of docs/measurements/reliability.md.
 * A run takes about 20 minutes and needs root.
 */
import { useDocker } from "../../host/docker.ts";
import { say } from "../bench/measure.ts";
import { changes, done, killedNode, placeData, suffer, type World } from "../swarm/cases.ts";
import { LabStack, SwarmLab } from "../swarm/lab.ts";
import { missingForSwarm } from "../swarm/nodes.ts";
import { Recorder } from "./recorder.ts";

const missing = missingForSwarm();
if (missing) {
  say(`skipped: ${missing} is missing, which engines in separate network namespaces need`);
  process.exit();
}

const name = "reliability-swarm";
const port = 28_185;
const lab = new SwarmLab(28_184);
let stack: LabStack | undefined;
try {
  const recorder = await Recorder.of("full on a Swarm of three nodes");
  await lab.start();
  const settings = await lab.served(name, {
    ...{ system: "full", environment: "prod", services: { gateway: { port } } },
    ingress: { open: "everyone may read and delete documents" },
  });
  const host = lab.swarm.manager.host;
  stack = new LabStack(name, settings, { "docker:host": host });
  await useDocker({ host, target: "swarm" });
  const world: World = { lab, stack, settings, port };
  await placeData(world);
  say("first `make up` …");
  await done(world, "up");
  await recorder.runs("nodes", [...changes, killedNode], (one, round) => suffer(one, world, round));
  if (recorder.hasFailed()) process.exitCode = 1;
} finally {
  say("removing the stack …");
  await stack?.make("down");
  await lab.stop();
  stack?.remove();
}
say("wrote docs/measurements/reliability.md");
