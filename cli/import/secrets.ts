import type { Subject } from "./verdict.ts";

/** The end of the names of variables that hold a secret. */
const secretName =
  /(^|_)(PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|SECRET|TOKEN|APIKEY|CREDENTIALS|SALT|(API|SECRET|ACCESS|PRIVATE|MASTER|ENCRYPTION|SIGNING|AUTH|SERVICE_ROLE|ANON|JWT|FERNET)_?KEY(_ID)?)(_BASE64)?$/i;

/** Whether a variable holds a secret, by its name. `MAX_TOKENS` does not. */
export const isSecretName = (name: string): boolean => secretName.test(name);

const login = /^[a-z][\w+.-]*:\/\/(?:[^\s/:@]*):([^\s/@]+)@([^\s/:,?]+)/i;

/** The host and the password of a URL with a login, such as `postgres://rag:secret@db:5432/rag`. */
export function loginOf(value: string): { readonly password: string; readonly host: string } | undefined {
  const [, password, host] = login.exec(value) ?? [];
  return password && host ? { password, host } : undefined;
}

/** The store whose password a variable holds: the one of its URL, or the one that its name names. */
export function storeOf(name: string, value: string, { kinds }: Subject): string | undefined {
  const host = loginOf(value)?.host;
  const stores = [...kinds].filter(([, kind]) => kind.kind === "store");
  const named = stores.find(([service, kind]) => service === host || (!host && names(kind).test(name)));
  return named?.[0];
}

const patterns = { postgres: /POSTGRES|^PGPASSWORD$|^DB_|DATABASE/i, redis: /REDIS/i, chroma: /CHROMA/i };

const names = (kind: { kind: string; store?: keyof typeof patterns }): RegExp =>
  kind.store ? patterns[kind.store] : /$^/;
