/** Tests what an interrupted import, restore or upgrade says. It stops no container. */
import { expect, it, vi } from "vitest";
import { startAgain, stopAround } from "../../../cli/data/clients.ts";
import { partsOf } from "../../../cli/data/parts.ts";
import { Progress } from "../../../cli/ui/progress.ts";
import { systemWith } from "../../support/program.ts";

vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  containersOf: async () => [],
}));

it("Ctrl-C while services are stopped names them, and the command that starts them", async () => {
  // The deployer has a listener while it works. Without one, the process would end here.
  const deployer = vi.fn();
  process.on("SIGINT", deployer);
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const m31 = systemWith({ system: "m31" });
  const progress = new Progress("ragdock-dev-");
  try {
    for (const stack of ["first", "second"]) {
      const stopped = await stopAround(stack, m31, partsOf(m31), progress);
      if (stack === "first") await startAgain(stack, m31, stopped);
    }
    process.emit("SIGINT");
    const text = written.mock.calls.join("");
    expect(text.match(/Interrupted/g)).toHaveLength(1);
    expect(text).toContain(
      "Interrupted. These services are stopped: web, redis. Start them: make up STACK=second",
    );
    expect(deployer).toHaveBeenCalledTimes(1);
  } finally {
    progress.end();
    written.mockRestore();
    process.off("SIGINT", deployer);
  }
});
