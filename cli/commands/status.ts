import { docker, stackFilters } from "../../host/docker.ts";
import { command, jsonOption, print, printJson, stackOption } from "../command.ts";
import { withDeployer } from "../session.ts";
import { dockerSettingsOf } from "../stack-file.ts";
import { reachableSystem } from "../system.ts";
import { statusOf, statusText } from "../ui/status.ts";

export const status = command({
  name: "status",
  summary: "Show services, health, restarts, CPU, memory, URLs and the size of volumes",
  options: { stack: stackOption, json: jsonOption },
  examples: ["status", "status --json"],
  run: async ({ stack, json }) => {
    const system = await reachableSystem(stack);
    const now = await statusOf(stack, system, true);
    const { name, environment } = system;
    if (json) printJson({ stack, system: name, environment, ...now });
    else print(statusText(now));
    return now.healthy ? 0 : 1;
  },
});

export const ps = command({
  name: "ps",
  summary: "List the stack's containers as Docker does",
  options: { stack: stackOption },
  examples: ["ps"],
  run: async ({ stack }) => {
    const list = dockerSettingsOf(stack).target === "swarm" ? ["service", "ls"] : ["ps", "-a"];
    print((await docker(...list, ...stackFilters(stack))).trimEnd());
    return 0;
  },
});

export const outputs = command({
  name: "outputs",
  summary: "Print URLs, containers, volumes and credentials as JSON",
  options: {
    stack: stackOption,
    showSecrets: { flags: "--show-secrets", description: "print secrets in clear text" },
  },
  examples: ["outputs", "outputs --show-secrets"],
  run: ({ stack, showSecrets }) =>
    withDeployer(stack, async ({ deployer }) => {
      const { deployments: _, ...all } = await deployer.outputs(showSecrets);
      printJson(all);
      return 0;
    }),
});
