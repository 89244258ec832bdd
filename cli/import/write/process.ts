import type { ComposeService } from "../read.ts";
import { at, textsOf } from "../tree.ts";
import { planVariables } from "../variables.ts";
import type { World } from "../world.ts";
import { commandOf } from "./container.ts";
import type { Program } from "./programs.ts";
import type { Todo } from "./todo.ts";

/** What an application runs, and its variables. */
export interface Process {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly todos: readonly Todo[];
}

const isShellName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);

/**
 * The command line and the variables of a service. The shell that exports secrets drops variables
 * such as `discovery.type` of Elasticsearch, so `env` sets these after it.
 */
export function processOf(service: ComposeService, name: string, world: World, program: Program): Process {
  const plans = [...planVariables(service, world)];
  const { words, secrets: inCommand } = commandOf(service);
  const plain = plans.flatMap(([key, plan]) => (plan.as === "value" ? [[key, plan.text] as const] : []));
  const hidden = plans.flatMap(([key, plan]) =>
    plan.as === "value" ? [] : [[key, plan.as === "template" ? plan.text : plan.as] as const],
  );
  const secrets = { ...Object.fromEntries(hidden.filter(([key]) => isShellName(key))), ...inCommand };
  const odd = Object.keys(secrets).length > 0 ? plain.filter(([key]) => !isShellName(key)) : [];
  const lost = hidden.filter(([key]) => !isShellName(key)).map(([key]) => key);
  const given = textsOf(at(service.tree, "entrypoint"));
  const start = given.length > 0 ? { entrypoint: given, command: [] } : program.start;
  const canSet = odd.length > 0 && start !== undefined;
  const say = (text: string): Todo => ({ service: name, text });
  return {
    entrypoint: canSet ? ["env", ...odd.map(([key, text]) => `${key}=${text}`), ...start.entrypoint] : given,
    command: canSet && words.length === 0 ? start.command : words,
    env: Object.fromEntries(canSet ? plain.filter(([key]) => isShellName(key)) : plain),
    secrets,
    todos: [
      ...(odd.length > 0 && !canSet
        ? [
            say(
              `The shell that exports its secrets removes the variables ${odd.map(([key]) => key).join(", ")}. Write apps.${name}.entrypoint: [env, ${odd[0]?.[0]}=…, and the entrypoint and command of the image].`,
            ),
          ]
        : []),
      ...(lost.length > 0
        ? [
            say(
              `A shell cannot export ${lost.join(", ")}. Put the value into a file of the application under services.${name}.files.`,
            ),
          ]
        : []),
      ...(Object.keys(inCommand).length > 0
        ? [
            say(
              `Its command had a password. A shell in the image now fills in ${Object.keys(inCommand).join(", ")}.`,
            ),
          ]
        : []),
    ],
  };
}
