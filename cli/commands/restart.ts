import { Failure } from "../../config/spec/failure.ts";
import { inStartOrder } from "../../config/spec/start-order.ts";
import { docker, isJob, serviceOf } from "../../host/docker.ts";
import { told } from "../../host/finding.ts";
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
    for (const container of all) {
      const started = Date.now();
      await docker("restart", container.Id);
      if (!(await becomesWell(container.Id))) {
        for (const finding of await diagnose(stack)) print(`\n${told(finding)}`);
        return 1;
      }
      print(`${serviceOf(container)} restarted, healthy after ${elapsed((Date.now() - started) / 1000)}`);
    }
    return 0;
  },
});
