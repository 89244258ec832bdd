/**
 * `make reliability TARGET=swarm`: changes and faults of `full` on a Swarm of three engines, which
 * share this machine (tools/swarm/nodes.ts), and what one, two and three small nodes can do. It writes
 * a section of docs/measurements/reliability.md. It needs root. `ONLY=nodes` or `ONLY=sizes` runs one
 * part.
 */
import { useDocker } from "../../host/docker.ts";
import { say } from "../bench/measure.ts";
import { changes, done, killedNode, placeData, suffer, type World } from "../swarm/cases.ts";
import { LabStack, SwarmLab } from "../swarm/lab.ts";
import { missingForSwarm } from "../swarm/nodes.ts";
import { measured, sizes } from "../swarm/sizes.ts";
import { Recorder } from "./recorder.ts";

const missing = missingForSwarm();
if (missing) {
  say(`skipped: ${missing} is missing, which engines in separate network namespaces need`);
  process.exit();
}

const port = 28_185;

/** The settings of each stack, without its port. */
const settings = {
  ...{ system: "full", environment: "prod" },
  ingress: { open: "everyone may read and delete documents" },
};

/** Runs the changes and faults of one stack. */
async function runNodes({ runs }: Recorder): Promise<void> {
  const name = "reliability-swarm";
  const lab = new SwarmLab(port - 1);
  let stack: LabStack | undefined;
  try {
    await lab.start();
    const own = await lab.served(name, { ...settings, services: { gateway: { port } } });
    const { host } = lab.swarm.manager;
    stack = new LabStack(name, own, { "docker:host": host });
    await useDocker({ host, target: "swarm" });
    const world: World = { lab, stack, settings: own, port };
    await placeData(world);
    say("first `make up` …");
    await done(world, "up");
    await runs("nodes", [...changes, killedNode], (one, round) => suffer(one, world, round));
  } finally {
    say("removing the stack …");
    await stack?.make("down");
    await lab.stop();
    stack?.remove();
  }
}

const parts = (process.env.ONLY ?? "nodes,sizes").split(",");
const recorder = await Recorder.of("full on a Swarm of three nodes");
if (parts.includes("nodes")) await runNodes(recorder);
if (parts.includes("sizes")) await recorder.runs("sizes", sizes, (size) => measured(size, settings, port));
say("wrote docs/measurements/reliability.md");
if (recorder.hasFailed()) process.exitCode = 1;
