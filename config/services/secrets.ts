import type { UserSecret } from "../settings/schema.ts";
import { content, type Secret } from "../spec/content.ts";
import type { Credentials, Login } from "../spec/credentials.ts";
import type { FileSpec } from "../spec/service.ts";
import type { Context } from "./module.ts";

/** The generation of a secret in `ragdock:rotations`. The default is 1. */
const generationOf = ({ settings }: Pick<Context, "settings">, rotation: string): number =>
  settings.rotations[rotation] ?? 1;

/** A generated secret that can be rotated under the name `rotation`. */
export const generated = (ctx: Context, name: string, rotation: string): Secret => ({
  name,
  source: { from: "generated", generation: generationOf(ctx, rotation), rotation },
});

/** A secret that the user sets. The file of `llmApiKey` is `llm-api-key`. */
export const fromUser = (key: UserSecret): Secret => ({
  name: key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  source: { from: "config", key },
});

/**
 * The users that clients and the monitor of a store log in as. Each generation has its own users. A
 * user has one password, and two passwords must work during a rotation.
 */
export const storeUsers = (generation = 1) => ({
  client: `rag_${generation}`,
  monitor: `monitor_${generation}`,
});

/** Whether this is a name from `storeUsers`, of any generation. */
export const isStoreUser = (name: string): boolean => /^(rag|monitor)_\d+$/.test(name);

export function credentialsOf(ctx: Context, store: string): Credentials {
  const job = `${store}-credentials`;
  const users = storeUsers(generationOf(ctx, store));
  const login = (part: string, value: string): Login => {
    const user: Secret = { name: `${part}-user`, source: { from: "known", value } };
    const password = generated(ctx, `${part}-password`, store);
    return { user, password: { ...password, validAfter: job, user: user.name } };
  };
  return {
    ...login(store, users.client),
    monitor: login(`${store}-monitor`, users.monitor),
    admin: generated(ctx, `${store}-admin-password`, `${store}-admin`),
    job,
  };
}

/** The name of the user of a login. */
export const userName = ({ user }: Login): string => (user.source.from === "known" ? user.source.value : "");

/** The path of a secret's file in the container. */
export const secretPath = ({ name }: Pick<Secret, "name">): string => `/run/secrets/${name}`;

/** A file that holds one secret and nothing else. */
export const secretFile = (secret: Secret): FileSpec => ({
  path: secretPath(secret),
  content: content`${secret}`,
});
