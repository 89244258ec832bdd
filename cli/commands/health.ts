import { told } from "../../host/finding.ts";
import { requireDocker } from "../../host/server.ts";
import { command, jsonOption, print, printJson, stackOption } from "../command.ts";
import { checkHealth } from "../health/check.ts";

export const health = command({
  name: "health",
  summary: "Explain what is wrong",
  details:
    "It checks the containers, the readiness of the applications, probes, metrics and alerts in Prometheus, and the last deployment. Ends with 1 if anything is wrong",
  options: { stack: stackOption, json: jsonOption },
  examples: ["health --stack prod", "health --json"],
  run: async ({ stack, json }) => {
    await requireDocker();
    const { findings, notes } = await checkHealth(stack);
    const healthy = findings.length === 0;
    if (json) printJson({ stack, healthy, findings, notes });
    else print([...findings.map(told), notes.join("\n")].join("\n\n"));
    return healthy ? 0 : 1;
  },
});
