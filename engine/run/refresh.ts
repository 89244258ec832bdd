import { nameOf } from "../pulumi/urn.ts";
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
        // The program may have removed a container that never became healthy.
        const reason =
          entry.initErrors.length > 0
            ? "it had failed, so it was removed"
            : "it was deleted outside of this program";
        const found = await reread(deployment, entry);
        if (found === "gone") report.note(`${nameOf(entry.urn)} is gone: ${reason}`);
        if (found !== "same") report.done(entry.urn, "read");
      } catch (error) {
        report.failed(entry.urn, "read", (error as Error).message);
      }
    }),
  );
}
