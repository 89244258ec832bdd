import { command, print, stackOption } from "../command.ts";
import { withDeployer } from "../session.ts";

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
