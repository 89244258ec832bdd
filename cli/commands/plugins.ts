import { homedir } from "node:os";
import { join } from "node:path";
import { installPlugins } from "../../engine/index.ts";
import { command, print } from "../command.ts";

export const plugins = command({
  name: "plugins",
  summary: "Install resource plugins for the Pulumi CLI, for machines that cannot download them",
  details:
    "They are built from the providers of the embedded engine, so Go is needed. A plugin that Pulumi has downloaded is not changed",
  options: {
    home: {
      flags: "--home <folder>",
      description: "the Pulumi CLI's folder; by default $PULUMI_HOME or ~/.pulumi",
    },
  },
  examples: ["plugins"],
  run: async ({ home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi") }) => {
    for (const { path, installed } of installPlugins(home))
      print(installed ? `Installed ${path}` : `Kept ${path}, which Pulumi has downloaded`);
    return 0;
  },
});
