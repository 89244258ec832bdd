import { execa } from "execa";
import { type Container, dockerEnvironment, logCommand } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import { requireDocker } from "../../host/server.ts";
import { command, print, serviceOption, stackOption } from "../command.ts";
import { requireContainers } from "../inside.ts";

/** Prints a container's log as it grows, with its name before each line. */
async function follow(container: Container): Promise<void> {
  const short = container.Name.replace(`/${project}-`, "");
  const args = [...logCommand(container), "--follow", "--tail", "50", container.Id];
  const log = execa("docker", args, { all: true, buffer: false, reject: false, env: dockerEnvironment() });
  for await (const line of log.iterable({ from: "all" })) print(`${short} | ${line}`);
}

export const logs = command({
  name: "logs",
  summary: "Follow the logs of one service or of all",
  options: { stack: stackOption, service: serviceOption },
  examples: ["logs --service api", "logs --stack prod"],
  run: async ({ stack, service }) => {
    await requireDocker();
    await Promise.all((await requireContainers(stack, service)).map(follow));
    return 0;
  },
});
