import { containersOf, isWell, serviceOf } from "../../host/docker.ts";
import { command, print, stackOption } from "../command.ts";
import { requireDocker } from "../preflight/docker.ts";
import { withDeployer } from "../session.ts";
import { systemOf } from "../system.ts";
import { planned } from "../ui/planned.ts";

export const drift = command({
  name: "drift",
  summary: "Show what was changed, stopped or removed by hand",
  details: "Ends with 1 if there is anything",
  options: { stack: stackOption },
  examples: ["drift --stack prod"],
  run: async ({ stack }) => {
    await requireDocker();
    const system = await systemOf(stack);
    return withDeployer(stack, async ({ deployer, progress }) => {
      const outcome = await deployer.preview({ refresh: true });
      for (const error of outcome.errors) print(error);
      const stopped = (await containersOf(stack)).filter((c) => !isWell(c));
      const lines = [
        ...planned(outcome, (name) => progress.shortName(name)),
        ...stopped.map((c) => `! container ${serviceOf(c)}: ${c.State.Health?.Status ?? c.State.Status}`),
      ];
      if (outcome.ok && lines.length === 0) {
        print(`Everything runs as ${system.name} describes it.`);
        return 0;
      }
      if (lines.length > 0) {
        print(`\nWhat runs differs from the description:\n${lines.join("\n")}\n`);
        print(`make up STACK=${stack} REFRESH=1 repairs it and touches no data.`);
      }
      return 1;
    });
  },
});
