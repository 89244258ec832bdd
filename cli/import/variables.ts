import { loginOfStore } from "./fates.ts";
import { hostsOf, mentions, variablesIn, withHost } from "./hosts.ts";
import { isOptionalStore } from "./optional-stores.ts";
import type { ComposeService } from "./read.ts";
import { isSecretName, isSwitch, loginOf } from "./secrets.ts";
import { withLogin } from "./store-logins.ts";
import { at, entriesOf, type Scalar, type VariableUse } from "./tree.ts";
import type { SecretOwner, World } from "./world.ts";

/** How an application gets a variable. */
export type VariablePlan =
  | { readonly as: "value"; readonly text: string }
  /** A secret: generated once, asked from the user, or a text with the secrets of the stack. */
  | { readonly as: "generate" | "ask" }
  | { readonly as: "template"; readonly text: string; readonly of: string };

const external =
  /API_?KEY|TOKEN|ACCESS_KEY|CLIENT|AWS|AZURE|GOOGLE|GCP|OPENAI|ANTHROPIC|OAUTH|OIDC|SMTP|MAIL|STRIPE|SLACK|GITHUB|LICENSE|SENTRY/i;
/** Secrets whose values have a format, such as 32 bytes in hexadecimal, or are needed to read old data. */
const formatted = /ENCRYPT|FERNET|CREDS|PRIVATE|CERT|SIGNING|ANON|SERVICE_ROLE/i;

/** Plans the variables of a service, in their order. */
export function planVariables(service: ComposeService, world: World): Map<string, VariablePlan> {
  const plans = new Map<string, VariablePlan>();
  for (const [name, value] of entriesOf(at(service.tree, "environment"))) {
    if (value.kind !== "scalar" || value.value === null) continue;
    plans.set(name, planVariable(name, value, service, world));
  }
  return plans;
}

/** Plans one variable of a service. */
export function planVariable(
  name: string,
  value: Scalar,
  service: ComposeService,
  world: World,
): VariablePlan {
  const text = String(value.value ?? "");
  const store = storeVariable(name, text, service, world);
  if (store) return store;
  if (isOptionalAndEmpty(name, value) || isSwitch(text)) return { as: "value", text };
  if (isUser(name, text, world)) return { as: "value", text };
  const owner = world.shared.get(text);
  // Applications with the same variable get the same value.
  if (owner && owner.variable !== name && (isSecretName(name) || isLongSecret(text)))
    return { as: "template", text: placeholderOf(owner), of: owner.service };
  const login = loginOf(text);
  if (login) {
    const known = world.shared.get(login.password);
    const hidden = known && text.replace(`:${login.password}@`, `:${placeholderOf(known)}@`);
    if (!hidden) return { as: "ask" };
    return { as: "template", text: renamed(name, hidden, world), of: known.service };
  }
  if (isSecretName(name)) return { as: isAgreed(name, owner, world) || !isAsked(name) ? "generate" : "ask" };
  const inner = value.variables.find(({ name: used, text: part }) => isSecretName(used) && part !== "");
  const known = inner && world.shared.get(inner.text);
  if (inner && known)
    return {
      as: "template",
      text: text.replaceAll(inner.text, placeholderOf(known)),
      of: known.service,
    };
  if (inner) return { as: "ask" };
  return { as: "value", text: renamed(name, text, world) };
}

/** A value that only services of the project share, such as the password of a database. */
const isAgreed = (name: string, owner: SecretOwner | undefined, { shared }: World): boolean =>
  owner?.isAgreed ?? [...shared.values()].some((one) => one.variable === name && one.isAgreed);

/** Whether a variable has the name of a user, as an access key of MinIO does. */
const isUser = (name: string, text: string, { project }: Pick<World, "project">): boolean =>
  /(ACCESS_KEY|KEY_ID)$/i.test(name) &&
  !/SECRET/i.test(name.replace(/_ID$/i, "")) &&
  project.services.some((one) =>
    variablesIn(one).some(([other, value]) => /USER(NAME)?$/i.test(other) && value === text),
  );

const isAsked = (name: string): boolean => external.test(name) || formatted.test(name);

/** If a secret is empty, the application works without it, unless the file requires a value. */
function isOptionalAndEmpty(name: string, { value, variables }: Scalar): boolean {
  if (value !== "") return false;
  const missing = variables.some(
    ({ set, fallback, required }: VariableUse) => !set && (fallback === undefined || required !== undefined),
  );
  return !(missing && isSecretName(name));
}

/** A value with the new names of hosts. */
export const renamed = (variable: string, text: string, { names }: World): string =>
  names.hosts.reduce((value, [host, name]) => withHost(variable, value, host, name), text);

const placeholderOf = ({ variable }: SecretOwner): string => `{{secret:${variable}}}`;

/** The plan of a variable that holds a part of the login of a store of the stack. */
function storeVariable(
  name: string,
  text: string,
  service: ComposeService,
  world: World,
): VariablePlan | undefined {
  for (const store of world.stores) {
    if (!isClient(service, store.service, world)) continue;
    const found = ofStore(name, text, store);
    if (found) return found;
  }
  return undefined;
}

function ofStore(
  name: string,
  text: string,
  { is, service }: World["stores"][number],
): VariablePlan | undefined {
  if (is === "postgres") return ofPostgres(name, text, service);
  if (is === "redis") return ofRedis(name, text, service);
  const login = isOptionalStore(is) ? withLogin(is, name, text, service) : undefined;
  if (!login) return undefined;
  return login.isSecret
    ? { as: "template", text: login.text, of: service.name }
    : { as: "value", text: login.text };
}

/**
 * Whether a service calls a store. A database that only shares an environment file with others does
 * not count.
 */
const isClient = (service: ComposeService, store: ComposeService, { kinds }: Pick<World, "kinds">): boolean =>
  at(service.tree, "depends_on", store.name) !== undefined ||
  mentions(service, hostsOf(store), kinds.get(service.name)?.kind !== "application");

const databaseName = /POSTGRES|^PG|DB|DATABASE|SQL/i;

function ofPostgres(name: string, text: string, store: ComposeService): VariablePlan | undefined {
  const url = urlAt(text, /^postgres(ql)?(\+\w+)?$/i, store);
  const secret = (content: string): VariablePlan => ({ as: "template", text: content, of: store.name });
  if (url)
    return secret(
      `${url.scheme}://{{secret:postgres-user}}:{{secret:postgres-password}}@postgres:5432/rag${url.query}`,
    );
  if (!databaseName.test(name) || text === "") return undefined;
  const { user, password, database } = loginOfStore(store);
  if (isSecretName(name) && (text === password || /POSTGRES|^PG|^DB_|DATABASE_PASS/i.test(name)))
    return secret("{{secret:postgres-password}}");
  if (/USER/i.test(name) && text === user) return secret("{{secret:postgres-user}}");
  if (/(DB|DATABASE|NAME|DBNAME)$/i.test(name) && text === database) return { as: "value", text: "rag" };
  return undefined;
}

function ofRedis(name: string, text: string, store: ComposeService): VariablePlan | undefined {
  const url = urlAt(text, /^redis$/i, store);
  const secret = (content: string): VariablePlan => ({ as: "template", text: content, of: store.name });
  if (url)
    return secret(
      `redis://{{secret:redis-user}}:{{secret:redis-password}}@redis:6379${url.path}${url.query}`,
    );
  if (/REDIS.*USER/i.test(name)) return secret("{{secret:redis-user}}");
  const { password } = loginOfStore(store);
  if (isSecretName(name) && (/REDIS/i.test(name) || (text !== "" && text === password)))
    return secret("{{secret:redis-password}}");
  return undefined;
}

function urlAt(text: string, scheme: RegExp, store: ComposeService) {
  const [, found = "", host = "", path = "", query = ""] =
    /^([a-z][\w+.-]*):\/\/(?:[^\s/@]*@)?([^\s/:?@]+)(?::\d+)?(\/[^?\s]*)?(\?\S*)?$/i.exec(text) ?? [];
  if (!scheme.test(found) || !hostsOf(store).includes(host)) return undefined;
  return { scheme: found, path, query };
}

/**
 * Whether a value is a password of the project itself: either a database has it, or services use it
 * under different names. Applications use the key of an external service under the same name.
 */
const isAgreement = (uses: readonly { variable: string; service: string; isForeign: boolean }[]): boolean =>
  uses.some(({ isForeign }) => isForeign) ||
  (new Set(uses.map(({ service }) => service)).size > 1 &&
    new Set(uses.map(({ variable }) => variable)).size > 1);

/**
 * The secrets that more than one variable contains, by value. A database or another program of the
 * project keeps its password; otherwise the first service does.
 */
export function sharedSecrets(services: readonly ComposeService[], world: Omit<World, "shared">) {
  const uses = services.flatMap((service) =>
    variablesIn(service).flatMap(([variable, text]) => {
      const value = at(service.tree, "environment", variable);
      if (text.length < 4 || (value?.kind === "scalar" && isOptionalAndEmpty(variable, value))) return [];
      if (isUser(variable, text, world)) return [];
      if (storeVariable(variable, text, service, { ...world, shared: new Map() })) return [];
      const isForeign = world.kinds.get(service.name)?.kind === "foreign";
      return [{ service: service.name, variable, text, isForeign, isSecret: isSecretName(variable) }];
    }),
  );
  const shared = new Map<string, SecretOwner>();
  for (const [text, all] of Map.groupBy(uses, (use) => use.text)) {
    const named = all.filter(({ isSecret }) => isSecret);
    const owner = named.find(({ isForeign }) => isForeign) ?? named[0];
    const agreeing = isLongSecret(text) ? all : named;
    if (owner) shared.set(text, { ...owner, isAgreed: isAgreement(agreeing) });
  }
  return shared;
}

/** Whether a text is not a common word, which could be a name as well as a weak password. */
const isLongSecret = (text: string): boolean => text.length >= 12;
