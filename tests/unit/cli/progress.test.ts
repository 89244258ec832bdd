/** Tests which messages of a deployment people see. It does not prove that a deployer sends them. */
import { expect, it } from "vitest";
import { pulumiRun } from "../../../cli/backends/pulumi-events.ts";
import { Progress } from "../../../cli/ui/progress.ts";

/** The lines that are printed for an event, without the clock. */
function printed(send: (event: Progress["event"]) => void): string[] {
  const lines: string[] = [];
  const progress = new Progress("ragdock-test-", (line) => lines.push(line.replace(/^ *\d+:\d+ +/, "")));
  send(progress.event);
  progress.end();
  return lines;
}

const placed = "the data of postgres is on node-2";

it("prints what the program prints, and no detail of a resource or of the SDK", () => {
  const lines = printed((event) => {
    event({ kind: "log", severity: "info", message: placed });
    event({
      kind: "log",
      severity: "info",
      message: "a detail",
      urn: "urn:pulumi:test::ragdock::a:b:C::web",
    });
    event({ kind: "log", severity: "debug", message: "(node:1) ExperimentalWarning" });
  });
  expect(lines).toEqual([placed]);
});

it("prints the same with the Pulumi CLI", () => {
  const stack = "urn:pulumi:test::ragdock::pulumi:pulumi:Stack::ragdock-test";
  const common = { color: "never", ephemeral: false };
  const lines = printed((event) => {
    const run = pulumiRun(event);
    const say = (severity: "info" | "info#err", message: string, urn: string) =>
      run.event({
        sequence: 1,
        timestamp: 1,
        diagnosticEvent: { ...common, severity, message: `<{%reset%}>${message}\n<{%reset%}>`, urn },
      });
    say("info", placed, stack);
    say("info#err", "(node:1) ExperimentalWarning", stack);
    say("info", "a detail", "urn:pulumi:test::ragdock::a:b:C::web");
  });
  expect(lines).toEqual([placed]);
});
