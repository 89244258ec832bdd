import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { ignoreChanges } from "../config/spec/container-options.ts";
import { pulumiOnly } from "../config/spec/message.ts";
import type { Job as JobSpec } from "../config/spec/service.ts";
import { fullName } from "../config/spec/stack.ts";
import { containerBase } from "./container.ts";
import type { UnitArgs } from "./context.ts";
import { shown } from "./reader.ts";

/**
 * The image's health check belongs to the service, which does not run here. For a time of zero,
 * Docker uses the value of the image. The provider reads that value back and would report a change
 * at each `up`.
 */
const noCheck: docker.types.input.ContainerHealthcheck = {
  tests: ["NONE"],
  interval: "30s",
  timeout: "30s",
  startPeriod: "30s",
  retries: 3,
};

/**
 * A container that runs once. A resource that has its `gate` as an input starts only after the job
 * has succeeded.
 */
export class Job extends pulumi.ComponentResource {
  /** `"done"` once the job has ended with exit code 0. It has no value before that. */
  readonly gate: pulumi.Output<string>;

  constructor(
    name: string,
    { context, spec, after }: UnitArgs<JobSpec>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("ragdock:core:Job", name, {}, opts);
    const container = new docker.Container(
      fullName(context, spec.name),
      {
        ...containerBase(context, spec, after),
        attach: true,
        logs: true,
        mustRun: false,
        restart: "no",
        ports: [],
        healthcheck: noCheck,
      },
      {
        parent: this,
        dependsOn: [...after.resources],
        // Creates the new container first. Deleting first would also delete everything that has the
        // gate as an input, including the running API.
        deleteBeforeReplace: false,
        replaceOnChanges: ["#initerror", "tmpfs"],
        ignoreChanges,
        ...(spec.timeout ? { customTimeouts: { create: spec.timeout } } : {}),
      },
    );
    this.gate = pulumi
      .all([container.exitCode, container.containerLogs])
      .apply(([code, log]) => ended(spec.name, code, log ?? ""));
    this.registerOutputs({ gate: this.gate });
  }
}

/**
 * The provider accepts any exit code, so the program has to check it.
 * @param code undefined if an `up --target` omitted the job, because engines before August 2026 do
 * not treat it as unknown
 */
function ended(name: string, code: number | undefined, log: string): string {
  if (code === 0) return "done";
  if (code === undefined) return "";
  const end = log.trimEnd().split("\n").slice(-20).join("\n    ");
  throw new pulumi.RunError(
    `The job "${name}" ended with exit code ${code}. Services that depend on it were not started. Services that ran before still run.\n` +
      `  End of its log:\n    ${end}\n` +
      shown(
        `  Fix the cause and run \`make up\` again${pulumiOnly(` (with the Pulumi CLI: pulumi up --replace '**${name}')`)}.`,
      ),
  );
}
