import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Job as JobSpec } from "../config/spec/service.ts";
import { containerBase, type StackContext } from "./container.ts";
import { fullName } from "./names.ts";

export interface JobArgs extends StackContext {
  readonly spec: JobSpec;
  readonly after: readonly pulumi.Resource[];
  /** One value per job before it, known only when that has ended with exit code 0. */
  readonly gates: Readonly<Record<string, pulumi.Input<string>>>;
}

/** A container that runs once; whoever takes its `gate` as an input starts only when it has ended well. */
export class Job extends pulumi.ComponentResource {
  /** `"done"` once the job has ended with exit code 0; has no value before. */
  readonly gate: pulumi.Output<string>;

  constructor(name: string, args: JobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:core:Job", name, {}, opts);
    const container = new docker.Container(
      fullName(args, args.spec.name),
      {
        ...containerBase(args, args.gates),
        attach: true,
        logs: true,
        mustRun: false,
        restart: "no",
        ports: [],
        volumes: [],
      },
      {
        parent: this,
        dependsOn: [...args.after],
        // New first: delete-first would take along everything that holds the gate, the running API too.
        deleteBeforeReplace: false,
        replaceOnChanges: ["#initerror"],
      },
    );
    this.gate = pulumi
      .all([container.exitCode, container.containerLogs])
      .apply(([code, log]) => ended(args.spec.name, code, log ?? ""));
    this.registerOutputs({ gate: this.gate });
  }
}

/**
 * The provider takes any exit code for success, so the program has to look at it itself.
 * @param code absent where an `up --target` has left the job out: engines before August 2026 do not call that unknown
 */
function ended(name: string, code: number | undefined, log: string): string {
  if (code === 0) return "done";
  if (code === undefined) return "";
  const end = log.trimEnd().split("\n").slice(-20).join("\n    ");
  throw new pulumi.RunError(
    `The job "${name}" ended with exit code ${code}; what waits for it was not started, what ran before still runs.\n` +
      `  End of its log:\n    ${end}\n` +
      `  Mend the cause and run \`make up\` again (with the Pulumi CLI: pulumi up --replace '**${name}').`,
  );
}
