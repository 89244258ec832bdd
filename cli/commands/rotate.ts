import { userSecrets } from "../../config/settings/schema.ts";
import { clientUser, rotatable } from "../../config/spec/secrets.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { containersOf, docker } from "../../host/docker.ts";
import { Failure } from "../../host/failure.ts";
import { type Command, print } from "../command.ts";
import { type StoreUsers, storesOf } from "../data/store-users.ts";
import { requireDocker, systemOf } from "../preflight/index.ts";
import { generationOf, setGeneration } from "../stack-file.ts";
import { up } from "./deploy.ts";

/**
 * Gives a generated secret a new value: the store learns it first, its clients roll over, then the old one is refused.
 * What an earlier run left unfinished is finished, and not begun anew.
 */
export const rotate: Command = async (args) => {
  const { stack, secret } = args;
  await requireDocker();
  const system = systemOf(stack, print);
  requireRotatable(secret, stack, system);
  if ((await containersOf(stack)).length === 0)
    throw new Failure(`Stack "${stack}" does not run.`, `Start it: make up STACK=${stack}`);

  const users = storesOf(stack, system).find(({ rotation }) => rotation === secret);
  const generation = await begin(stack, secret, users);
  const code = await up(args);
  if (code !== 0) {
    print(
      `\nThe rotation of ${secret} is not finished: nothing was revoked, and what worked before goes on working.\n` +
        `Once the cause is mended: make rotate SECRET=${secret} STACK=${stack}`,
    );
    return code;
  }
  if (users) await revoke(users, clientUser(generation), secret);
  if (secret === "grafana") await tellGrafana(stack);
  print(
    `${secret} is of generation ${generation}; \`make outputs SHOW_SECRETS=1 STACK=${stack}\` shows its value.`,
  );
  return 0;
};

/** Refuses what is not the program's to make anew, with what can be done instead. */
function requireRotatable(secret: string, stack: string, system: SystemSpec): void {
  const choices = rotatable(system.secrets);
  if (choices.includes(secret)) return;
  if (Object.hasOwn(userSecrets, secret)) {
    throw new Failure(
      `${secret} is yours: whoever issued it makes a new one.`,
      `Set it and deliver it: make secret KEY=${secret} STACK=${stack} < file && make up STACK=${stack}`,
    );
  }
  throw new Failure(
    secret
      ? `${system.name} has no secret "${secret}" that can be rotated.`
      : "Which secret? SECRET is empty.",
    choices.length > 0
      ? `Choose one: ${choices.map((name) => `make rotate SECRET=${name} STACK=${stack}`).join("; ")}`
      : `${system.name} generates none.`,
  );
}

/** Counts the generation up, unless an earlier one can still log in: then that rotation is not finished yet. */
async function begin(stack: string, secret: string, users: StoreUsers | undefined): Promise<number> {
  const current = generationOf(stack, secret);
  const others = users ? await otherThan(users, clientUser(current)) : [];
  if (others.length > 0) {
    print(
      `A rotation of ${secret} was interrupted: ${others.join(", ")} can still log in. It is finished now.`,
    );
    return current;
  }
  const next = current + 1;
  setGeneration(stack, secret, next);
  print(`${secret}: generation ${next} instead of ${current}, noted in Pulumi.${stack}.yaml`);
  return next;
}

/** Refuses every user but the current one, and looks whether it is so. */
async function revoke(users: StoreUsers, current: string, secret: string): Promise<void> {
  const others = await otherThan(users, current);
  if (others.length > 0) await users.revoke(others);
  const left = await listOf(users);
  if (left.length !== 1 || left[0] !== current) {
    throw new Failure(
      `${secret} lets in ${left.join(", ") || "nobody"}, and should let in ${current} alone.`,
      `Run it again: make rotate SECRET=${secret}`,
    );
  }
  print(`Everything uses ${current}; ${others.join(", ") || "nobody else"} can no longer log in.`);
}

const otherThan = async (users: StoreUsers, current: string): Promise<string[]> =>
  (await listOf(users)).filter((user) => user !== current);

async function listOf(users: StoreUsers): Promise<string[]> {
  const list = await users.list();
  if (list) return list;
  throw new Failure(
    `${users.rotation} does not answer, and only it knows who may log in.`,
    "make health says why; make up starts it.",
  );
}

/** Grafana takes its file at the first start alone, and keeps the password in its database from then on. */
async function tellGrafana(stack: string): Promise<void> {
  const [grafana] = await containersOf(stack, "grafana");
  if (!grafana) return;
  const reset =
    "grafana cli admin reset-admin-password --password-from-stdin < /run/secrets/grafana-password";
  try {
    await docker("exec", grafana.Id, "sh", "-c", reset);
  } catch (error) {
    throw new Failure(
      `Grafana keeps its old password: ${(error as { stderr?: string }).stderr?.trim() ?? String(error)}`,
      `Once the cause is mended: make rotate SECRET=grafana STACK=${stack}`,
    );
  }
}
