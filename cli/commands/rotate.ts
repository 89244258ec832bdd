import { basename } from "node:path";
import { storeUsers } from "../../config/services/secrets.ts";
import { userSecrets } from "../../config/settings/schema.ts";
import { Failure } from "../../config/spec/failure.ts";
import { rotatable } from "../../config/spec/secrets.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { containersOf, docker } from "../../host/docker.ts";
import { command, print, stackOption } from "../command.ts";
import { requireInside } from "../data/external.ts";
import { type StoreUsers, storesOf } from "../data/store-users.ts";
import { generationOf, setGeneration, stackFile } from "../stack-file.ts";
import { reachableSystem } from "../system.ts";
import { bringUp } from "./up.ts";

export const rotate = command({
  name: "rotate",
  summary: "Replace a generated secret with a new value, without a failed request",
  details:
    "First the store accepts the new value. Then the clients are replaced. Then the store refuses the old value. After an interruption, run the same command again",
  options: {
    stack: stackOption,
    secret: { flags: "--secret <name>", description: "the secret, such as postgres, redis or grafana" },
  },
  examples: ["rotate --secret postgres"],
  run: async ({ stack, secret = "" }) => {
    const system = await reachableSystem(stack);
    requireRotatable(secret, stack, system);
    if ((await containersOf(stack)).length === 0)
      throw new Failure(`Stack "${stack}" does not run.`, `Start it: make up STACK=${stack}`);
    const users = storesOf(stack, system).find(({ rotation }) => rotation === secret);
    const generation = await begin(stack, secret, users);
    const code = await bringUp({ stack });
    if (code !== 0) {
      print(
        `\nThe rotation of ${secret} is not finished. Nothing was revoked, and the old password still works.\n` +
          `When the cause is fixed: make rotate SECRET=${secret} STACK=${stack}`,
      );
      return code;
    }
    if (users) await revoke(users, namesOf(generation), secret);
    if (secret === "grafana") await tellGrafana(stack);
    print(
      `Rotated ${secret} (generation ${generation}). \`make outputs SHOW_SECRETS=1 STACK=${stack}\` shows its value.`,
    );
    return 0;
  },
});

/** Refuses secrets that the program does not generate, and says what to do instead. */
function requireRotatable(secret: string, stack: string, system: SystemSpec): void {
  const choices = rotatable(system.secrets);
  if (choices.includes(secret)) return;
  requireInside(
    system,
    ({ name, role }) => role !== "chroma" && name === secret,
    ({ role }) =>
      `Change the password there, then deliver it: make secret KEY=${role}Password STACK=${stack} < file && make up STACK=${stack}`,
  );
  const isGiven = Object.values(system.secrets).some(
    (source) => source.from === "config" && source.key === secret,
  );
  if (isGiven || Object.hasOwn(userSecrets, secret))
    throw new Failure(
      `You set ${secret} yourself, so get a new value from its issuer.`,
      `Set and deliver the new value: make secret KEY=${secret} STACK=${stack} < file && make up STACK=${stack}`,
    );
  throw new Failure(
    secret
      ? `${system.name} has no secret "${secret}" that can be rotated.`
      : "Which secret? SECRET is empty.",
    choices.length > 0
      ? `Choose one: ${choices.map((name) => `make rotate SECRET=${name} STACK=${stack}`).join("; ")}`
      : `${system.name} generates none.`,
  );
}

/**
 * Increases the generation, unless an earlier user can still log in. In that case an earlier
 * rotation is not finished.
 */
async function begin(stack: string, secret: string, users: StoreUsers | undefined): Promise<number> {
  const current = generationOf(stack, secret);
  const others = users ? await otherThan(users, namesOf(current)) : [];
  if (others.length > 0) {
    print(
      `A rotation of ${secret} was interrupted: ${others.join(", ")} can still log in. The rotation is now finished.`,
    );
    return current;
  }
  const next = current + 1;
  setGeneration(stack, secret, next);
  print(`${secret}: generation ${next} instead of ${current}, written to ${basename(stackFile(stack))}`);
  return next;
}

/** Revokes all users except the current ones, and checks the result. */
async function revoke(users: StoreUsers, current: readonly string[], secret: string): Promise<void> {
  const others = await otherThan(users, current);
  if (others.length > 0) await users.revoke(others);
  const left = await listOf(users);
  if (left.toSorted().join() !== current.toSorted().join())
    throw new Failure(
      `${secret} accepts ${left.join(", ") || "no user"}, and should accept ${current.join(", ")} only.`,
      `Run it again: make rotate SECRET=${secret}`,
    );
  print(
    `Everything uses ${current.join(" and ")}. ${others.join(", ") || "No other user"} can no longer log in.`,
  );
}

const namesOf = (generation: number): string[] => Object.values(storeUsers(generation));

const otherThan = async (users: StoreUsers, current: readonly string[]): Promise<string[]> =>
  (await listOf(users)).filter((user) => !current.includes(user));

async function listOf(users: StoreUsers): Promise<string[]> {
  const list = await users.list();
  if (list) return list;
  throw new Failure(
    `${users.rotation} does not answer, so its users cannot be listed.`,
    "make health explains why, and make up starts it.",
  );
}

/** Grafana reads its file only at its first start. Later it uses the password in its database. */
async function tellGrafana(stack: string): Promise<void> {
  const [grafana] = await containersOf(stack, "grafana");
  if (!grafana) return;
  const reset =
    "grafana cli admin reset-admin-password --password-from-stdin < /run/secrets/grafana-password";
  await docker("exec", grafana.Id, "sh", "-c", reset).catch((error: { stderr?: string }) => {
    throw new Failure(
      `Grafana keeps its old password: ${error.stderr?.trim() ?? error}`,
      `When the cause is fixed: make rotate SECRET=grafana STACK=${stack}`,
    );
  });
}
