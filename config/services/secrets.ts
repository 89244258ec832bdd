import type { UserSecret } from "../settings/schema.ts";
import { content, type Secret } from "../spec/content.ts";
import type { Credentials, FileSpec } from "../spec/service.ts";
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
 * The user that clients of a store log in as. Each generation has its own user: one user has one
 * password, and during a rotation two passwords have to work.
 */
export const clientUser = (generation = 1): string => `rag_${generation}`;

export function credentialsOf(ctx: Context, store: string): Credentials {
  const job = `${store}-credentials`;
  const user: Secret = {
    name: `${store}-user`,
    source: { from: "known", value: clientUser(generationOf(ctx, store)) },
  };
  return {
    user,
    password: { ...generated(ctx, `${store}-password`, store), validAfter: job, user: user.name },
    admin: { name: `${store}-admin-password`, source: { from: "generated", generation: 1 } },
    job,
  };
}

/** The name of the user that a store's clients log in as. */
export const userName = ({ user }: Credentials): string =>
  user.source.from === "known" ? user.source.value : "";

/** The path of a secret's file in the container. */
export const secretPath = ({ name }: Secret): string => `/run/secrets/${name}`;

/** A file that holds one secret and nothing else. */
export const secretFile = (secret: Secret): FileSpec => ({
  path: secretPath(secret),
  content: content`${secret}`,
});
