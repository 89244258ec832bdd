import { Failure } from "../config/spec/failure.ts";
import { dockerSettingsOf } from "./stack-file.ts";

const networks = "it looks into the networks of one Docker host";
const data = "it changes the volumes of one Docker host, and those of a Swarm are on its nodes";

/** The commands that do not work for a stack on a Swarm, and why. */
export const refused: Readonly<Record<string, string>> = {
  "upgrade-postgres": data,
  "data import": data,
  "destroy-data": data,
  net: networks,
  load: networks,
};

/** Refuses a command that does not work for a stack on a Swarm. @throws Failure */
export function requireTarget(command: string, stack: string): void {
  const why = refused[command];
  if (why === undefined || dockerSettingsOf(stack).target !== "swarm") return;
  throw new Failure(
    `ragdock ${command} does not work for stack "${stack}", which runs on a Swarm: ${why}.`,
    "What works, and what you can do instead: docs/guide/several-machines.md",
  );
}
