/** The end of the names of variables that hold a secret. */
const secretName =
  /(^|_)(PASS|PASSWD|PASSWORD|PASSPHRASE|PWD|SECRET|TOKEN|APIKEY|CREDENTIALS|SALT|(API|SECRET|ACCESS|PRIVATE|MASTER|ENCRYPTION|SIGNING|AUTH|SERVICE_ROLE|ANON|JWT|FERNET)_?KEY(_ID)?)(_BASE64)?$/i;

/** Whether a variable holds a secret, by its name. `MAX_TOKENS` does not. */
export const isSecretName = (name: string): boolean => secretName.test(name);

/** Whether a value switches something on or off, such as `ALLOW_EMPTY_PASSWORD: "yes"`. */
export const isSwitch = (text: string): boolean => /^(true|false|yes|no|on|off|[01])$/i.test(text);

const login = /^[a-z][\w+.-]*:\/\/(?:[^\s/:@]*):([^\s/@]+)@([^\s/:,?]+)/i;

/** The host and the password of a URL with a login, such as `postgres://rag:secret@db:5432/rag`. */
export function loginOf(value: string): { readonly password: string; readonly host: string } | undefined {
  const [, password, host] = login.exec(value) ?? [];
  return password && host ? { password, host } : undefined;
}
