// A job in a component. The program continues only if the job's exit code is 0.
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const config = new pulumi.Config();
const mode = config.require("mode");
if (mode === "throw") throw new Error("this program is broken");
if (mode === "explain") throw new pulumi.RunError("the setting mode must not be explain");

class Job extends pulumi.ComponentResource {
  readonly exitCode: pulumi.Output<number>;

  constructor(name: string) {
    super("enginetest:index:Job", name, {});
    const args = {
      image: config.require("image"),
      command: ["sh", "-c", `exit ${mode}`],
      attach: true,
      mustRun: false,
      restart: "no",
    };
    const container = new docker.Container(`${name}-run`, args, { parent: this });
    this.exitCode = container.exitCode.apply((code) => {
      if (code !== 0) throw new pulumi.RunError(`the job ended with exit code ${code}`);
      return code;
    });
    this.registerOutputs({ exitCode: this.exitCode });
  }
}

const job = new Job("job");
const after = new random.RandomId("after", {
  byteLength: 2,
  keepers: { code: pulumi.interpolate`${job.exitCode}` },
});
export const afterId = after.hex;
export const token = config.requireSecret("token");
