import type { Deployment } from "./deployment.ts";
import { reread } from "./recovery.ts";

/**
 * Reads every resource from its provider, so that the run compares the program with the real
 * resources.
 */
export async function refreshAll(deployment: Deployment, stopped: () => boolean): Promise<void> {
  const { report, store } = deployment;
  const entries = store.resources.all().filter((entry) => entry.tf && !entry.pendingReplacement);
  await Promise.all(
    entries.map(async (entry) => {
      if (stopped()) return;
      try {
        const found = await reread(deployment, entry);
        if (found === "gone")
          report.note(`${entry.urn.split("::").at(-1)} is gone: something else than this program deleted it`);
        if (found !== "same") report.done(entry.urn, "read");
      } catch (error) {
        report.failed(entry.urn, "read", (error as Error).message);
      }
    }),
  );
}
