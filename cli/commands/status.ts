import { Failure } from "../../config/spec/failure.ts";
import { containersOf, docker, isWell, stackFilters } from "../../host/docker.ts";
import { requireDocker } from "../../host/server.ts";
import { command, print, stackOption } from "../command.ts";
import { withDeployer } from "../session.ts";
import { reachableSystem } from "../system.ts";
import { diagnose } from "../ui/diagnose.ts";
import { statusTable } from "../ui/status.ts";

export const status = command({
  name: "status",
  summary: "Show services, health, memory and URLs",
  options: { stack: stackOption },
  examples: ["status"],
  run: async ({ stack }) => {
    const { text, well } = await statusTable(stack, await reachableSystem(stack), true);
    print(text);
    return well ? 0 : 1;
  },
});

export const health = command({
  name: "health",
  summary: "Explain what is wrong",
  details: "Ends with 1 if anything is",
  options: { stack: stackOption },
  examples: ["health --stack prod"],
  run: async ({ stack }) => {
    await requireDocker();
    const troubles = await diagnose(stack);
    const all = await containersOf(stack);
    if (all.length === 0)
      throw new Failure(`Stack "${stack}" does not run.`, `Start it: make up STACK=${stack}`);
    print(
      troubles.length > 0
        ? troubles.join("\n\n")
        : `All ${all.filter(isWell).length} containers are healthy.`,
    );
    return troubles.length > 0 ? 1 : 0;
  },
});

export const ps = command({
  name: "ps",
  summary: "List the stack's containers as Docker does",
  options: { stack: stackOption },
  examples: ["ps"],
  run: async ({ stack }) => {
    print((await docker("ps", "-a", ...stackFilters(stack))).trimEnd());
    return 0;
  },
});

export const outputs = command({
  name: "outputs",
  summary: "Print URLs, containers, volumes and credentials as JSON",
  options: {
    stack: stackOption,
    showSecrets: { flags: "--show-secrets", description: "print secrets in clear" },
  },
  examples: ["outputs", "outputs --show-secrets"],
  run: ({ stack, showSecrets }) =>
    withDeployer(stack, async ({ deployer }) => {
      const { deployments: _, ...all } = await deployer.outputs(showSecrets);
      print(JSON.stringify(all, null, 2));
      return 0;
    }),
});
