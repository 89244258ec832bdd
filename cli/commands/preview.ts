import { ensureBaseImage } from "../../host/base-image.ts";
import { containersOf, isWell, serviceOf } from "../../host/docker.ts";
import { command, newStackOptions, print, stackOption } from "../command.ts";
import { type Session, withDeployer } from "../session.ts";
import { onCopyOfSettings } from "../stack-file.ts";
import { reachableSystem } from "../system.ts";
import { planned } from "../ui/planned.ts";
import { prepared } from "./up.ts";

/**
 * Asks the deployer what it would change, and prints its errors.
 * @param refresh whether to compare with what really runs first
 */
async function look(
  { deployer, progress }: Session,
  refresh: boolean,
): Promise<{ ok: boolean; lines: string[] }> {
  const outcome = await deployer.preview({ refresh });
  for (const error of outcome.errors) print(error);
  return { ok: outcome.ok, lines: planned(outcome, (name) => progress.shortName(name)) };
}

export const preview = command({
  name: "preview",
  summary: "Show what `up` would change, property by property",
  options: newStackOptions,
  examples: ["preview", "preview --stack prod"],
  run: async (options) => {
    const { stack } = options;
    return onCopyOfSettings(stack, async () => {
      const system = await prepared(options);
      return withDeployer(stack, async (session) => {
        if (system.images === "packages") await ensureBaseImage((line) => session.progress.line(line));
        const { ok, lines } = await look(session, false);
        print(lines.length > 0 ? `\n${lines.join("\n")}\n` : "\nNothing would change.\n");
        return ok ? 0 : 1;
      });
    });
  },
});

export const drift = command({
  name: "drift",
  summary: "Show what was changed, stopped or removed by hand",
  details: "Ends with exit code 1 if it finds a change",
  options: { stack: stackOption },
  examples: ["drift --stack prod"],
  run: async ({ stack }) => {
    const system = await reachableSystem(stack);
    return withDeployer(stack, async (session) => {
      const { ok, lines } = await look(session, true);
      for (const c of (await containersOf(stack)).filter((one) => !isWell(one)))
        lines.push(`! container ${serviceOf(c)}: ${c.State.Health?.Status ?? c.State.Status}`);
      if (ok && lines.length === 0) {
        print(`Everything that runs matches the description of ${system.name}.`);
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
