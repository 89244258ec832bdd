import { restartsFile } from "../../config/spec/recovery.ts";
import { type Container, docker, isJob, serviceOf } from "../../host/docker.ts";
import { atContainer } from "../../host/nodes.ts";
import { elapsed } from "../ui/text.ts";

/** A sentence for each container that Docker has started again and that is running. */
export async function restartNotes(containers: readonly Container[], now: number): Promise<string[]> {
  const restarted = containers.filter(
    (one) => !isJob(one) && one.RestartCount > 0 && one.State.Status === "running",
  );
  return Promise.all(
    restarted.map(async (one) =>
      restartNote(
        one,
        await atContainer(one, ({ Id }) => docker("exec", Id, "cat", restartsFile)).catch(() => ""),
        now,
      ),
    ),
  );
}

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

/**
 * Says how often a container was restarted, and how often because of its health.
 * @param counted the file in which the health check counts its restarts. Empty if it has none
 * @param now milliseconds since 1970
 */
export function restartNote(container: Container, counted: string, now: number): string {
  const { RestartCount, State } = container;
  const since = elapsed((now - Date.parse(State.StartedAt)) / 1000);
  const [count] = /^\d+/.exec(counted) ?? [];
  const health = count ? `, ${times(Number(count))} because it stayed unhealthy` : "";
  return `${serviceOf(container)} was restarted ${times(RestartCount)}${health}. It has run for ${since}.`;
}
