import { Failure } from "../../config/spec/failure.ts";
import { longRunning } from "../../config/spec/service.ts";
import { requireDocker } from "../../host/server.ts";
import { command, stackOption } from "../command.ts";
import { inside } from "../inside.ts";
import { systemOf } from "../system.ts";

export const exec = command({
  name: "exec",
  summary: "Run a command in the container of a service",
  details:
    "Runs in the first container of the service. It exits with the exit code of the command. It has a terminal if you have one",
  options: {
    service: { flags: "[service]", description: "the service" },
    words: { flags: "[command...]", description: "the command and its arguments, after --" },
    stack: stackOption,
  },
  examples: ["exec api -- python --version", "exec --stack prod redis -- redis-cli --version"],
  run: async ({ service, words = [], stack }) => {
    await requireDocker();
    const { services } = await systemOf(stack);
    const names = longRunning(services).map(({ name }) => name);
    if (!service || !names.includes(service))
      throw new Failure(
        service ? `Stack "${stack}" has no service "${service}".` : "No service is named.",
        `Name one of ${names.join(", ")}. For example: ./ragdock exec ${names[0]} -- env`,
      );
    if (words.length === 0)
      throw new Failure("No command is given.", `For example: ./ragdock exec ${service} -- env`);
    return inside(stack, service, words);
  },
});
