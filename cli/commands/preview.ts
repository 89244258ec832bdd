import { ensureBaseImage } from "../../host/base-image.ts";
import { command, newStackOptions, print } from "../command.ts";
import { withDeployer } from "../session.ts";
import { onCopyOfSettings } from "../stack-file.ts";
import { planned } from "../ui/planned.ts";
import { prepared } from "./up.ts";

export const preview = command({
  name: "preview",
  summary: "Show what `up` would change, property by property",
  options: newStackOptions,
  examples: ["preview", "preview --stack prod"],
  run: async (options) => {
    const { stack } = options;
    return onCopyOfSettings(stack, async () => {
      const system = await prepared(options);
      return withDeployer(stack, async ({ deployer, progress }) => {
        if (system.images === "packages") await ensureBaseImage((line) => progress.line(line));
        const outcome = await deployer.preview();
        for (const error of outcome.errors) print(error);
        const lines = planned(outcome, (name) => progress.shortName(name));
        print(lines.length > 0 ? `\n${lines.join("\n")}\n` : "\nNothing would change.\n");
        return outcome.ok ? 0 : 1;
      });
    });
  },
});
