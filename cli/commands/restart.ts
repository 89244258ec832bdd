import { Failure } from "../../config/spec/failure.ts";
import { inStartOrder } from "../../config/spec/start-order.ts";
import { type Container, docker, isJob, onSwarm, serviceOf } from "../../host/docker.ts";
import { told } from "../../host/finding.ts";
import { replaceTasks } from "../../host/scale.ts";
import { serviceNameOf } from "../../host/tasks.ts";
import { command, print, serviceOption, stackOption } from "../command.ts";
import { requireContainers } from "../inside.ts";
import { becomesWell } from "../settle.ts";
import { reachableSystem } from "../system.ts";
import { diagnose } from "../ui/diagnose.ts";
import { elapsed } from "../ui/text.ts";

export const restart = command({
  name: "restart",
  summary: "Restart one service, or all services, one container after another",
  details: "In start order. Each container is healthy before the next one restarts",
  options: { stack: stackOption, service: serviceOption },
  examples: ["restart --service api", "restart"],
  run: async ({ stack, service }) => {
    const order = inStartOrder((await reachableSystem(stack)).services).order.map((s) => s.name);
    const all = (await requireContainers(stack, service))
      .filter((c) => !isJob(c))
      .sort((a, b) => order.indexOf(serviceOf(a)) - order.indexOf(serviceOf(b)));
    if (all.length === 0)
      throw new Failure(`${service} is a job, which a restart does not run.`, `Run: make up STACK=${stack}`);
    // Swarm restarts the tasks of a service itself.
    const restarted = onSwarm() ? (one: Container) => replaceTasks(serviceNameOf(one)) : restartContainer;
    const units = onSwarm() ? [...new Map(all.map((task) => [serviceNameOf(task), task])).values()] : all;
    for (const container of units) {
      const started = Date.now();
      if (!(await restarted(container))) {
        for (const finding of await diagnose(stack)) print(`\n${told(finding)}`);
        return 1;
      }
      print(`${serviceOf(container)} restarted, healthy after ${elapsed((Date.now() - started) / 1000)}`);
    }
    return 0;
  },
});

async function restartContainer({ Id }: Container): Promise<boolean> {
  await docker("restart", Id);
  return becomesWell(Id);
}
