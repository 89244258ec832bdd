import type { IngressSettings } from "../settings/ingress.ts";
import type { AccessRule } from "../spec/access.ts";
import { content } from "../spec/content.ts";
import { type Alert, lines, type Row, stat } from "../spec/monitoring.ts";
import { orZero } from "../spec/promql.ts";
import type { FileSpec, LongRunning, Route, ServiceSpec } from "../spec/service.ts";
import { longRunning } from "../spec/service.ts";
import { frontDoorCheck, frontDoorImage, frontDoorUser } from "./front-door.ts";
import { type Context, type ServiceTemplate, serviceDefaults } from "./module.ts";
import { fromUser, generated, secretFile, secretPath } from "./secrets.ts";

/** The name of the service that knows people, API keys and roles. */
export const authName = "auth";

const port = 8000;

const settingsFile = "/etc/ragdock/auth.json";

/** The paths of the gateway that lead to it: the pages to sign in and out. */
export const authPath = "/.ragdock/";

/** The pages below it. */
export const authPages = ["sign-in", "sign-out", "callback", "me"] as const;

/** The route to the pages to sign in and out, on one port of a gateway. */
export const authRoute = (listen: number): Route => ({ listen, path: authPath, service: authName, port });

const identityKey = (ctx: Context) => generated(ctx, "identity-key", "identity");

/** The stack that a token is for. */
const audience = ({ project, stack }: Context): string => `${project}-${stack}`;

/**
 * What an application needs to check the token that the gateway adds to each request, so that no
 * other container can act for a person.
 */
export const identityCheck = (ctx: Context): Pick<LongRunning, "environment" | "files"> => ({
  environment: { IDENTITY_KEY_FILE: secretPath(identityKey(ctx)), IDENTITY_AUDIENCE: audience(ctx) },
  files: [secretFile(identityKey(ctx))],
});

/** Knows who sends a request: a person who signed in, or a program with an API key. */
export function auth(ctx: Context): ServiceTemplate<LongRunning> {
  const { ingress } = ctx.settings;
  const clientSecret = fromUser("signInClientSecret");
  const asksProvider = ingress.signIn !== undefined && "issuer" in ingress.signIn;
  return {
    ...serviceDefaults,
    name: authName,
    role: "auth",
    image: frontDoorImage,
    command: ["auth"],
    user: frontDoorUser,
    tmpfs: ["/tmp"],
    outside: asksProvider,
    environment: {
      RAGDOCK_STACK: ctx.stack,
      AUTH_SETTINGS_FILE: settingsFile,
      IDENTITY_KEY_FILE: secretPath(identityKey(ctx)),
      ...(asksProvider ? { SIGN_IN_CLIENT_SECRET_FILE: secretPath(clientSecret) } : {}),
    },
    files: [secretFile(identityKey(ctx)), ...(asksProvider ? [secretFile(clientSecret)] : [])],
    volumes: [{ volume: "auth-data", path: "/data" }],
    healthcheck: frontDoorCheck(authName, port),
    blackbox: { module: "http_2xx", port, path: "/healthz" },
    metrics: { port, path: "/metrics" },
    replicas: ctx.prod ? 2 : 1,
    // Checking a password takes 64 MiB, and two are checked at a time.
    limits: ctx.prod ? { cpus: 1, memory: "384MiB" } : { cpus: 0.5, memory: "256MiB" },
    alerts,
    rows: [row],
    deriveFiles: (self, services) => [settingsOf(ctx, self, services)],
  };
}

/** Its settings as the program reads them (front-door/frontdoor/auth). */
function settingsOf(ctx: Context, self: LongRunning, services: readonly ServiceSpec[]): FileSpec {
  const { ingress } = ctx.settings;
  // The application counts the tokens.
  const { tokensPerDay: _, ...limits } = ingress.limits;
  const routes = longRunning(services).flatMap((s) => (s.role === "gateway" ? (s.routes ?? []) : []));
  const behind = longRunning(services).filter((s) => routes.some(({ service }) => service === s.name));
  const settings = {
    title: audience(ctx),
    audience: audience(ctx),
    secureCookies: isEncrypted(ingress),
    replicas: self.replicas,
    signIn: ingress.signIn,
    roles: ingress.roles,
    limits,
    access: behind.flatMap(({ name, access = [] }) => access.map((rule) => accessOf(name, rule))),
    apiPaths: routes
      .filter(({ service, path }) => path !== "/" && isApi(service, behind))
      .map(({ service, path }) => ({ service, path })),
  };
  return { path: settingsFile, content: content`${JSON.stringify(settings, undefined, 2)}\n` };
}

const accessOf = (service: string, { path, prefix = false, methods, role, counts }: AccessRule) => ({
  service,
  path,
  prefix,
  ...(methods ? { methods } : {}),
  role,
  ...(counts ? { counts } : {}),
});

const isApi = (name: string, services: readonly LongRunning[]): boolean =>
  services.some((s) => s.name === name && s.role === "api" && !s.ownPages);

/** Whether browsers reach the ingress over TLS: its own, or that of a proxy in front. */
export const isEncrypted = ({ tls, trustedProxies }: IngressSettings): boolean =>
  tls !== "off" || trustedProxies.length > 0;

const denied = 'sum(rate(frontdoor_denials_total{reason!="signed_out"}[5m]))';

/** The applications answer 429 themselves if the tokens of a person are used up. */
const outOfTokens = orZero('sum(rate(http_requests_total{status="429"}[5m]))');

const alerts: readonly Alert[] = [
  {
    name: "DenialsHigh",
    severity: "warning",
    expr: `(${orZero(denied)}) + (${outOfTokens}) > 5`,
    holds: "10m",
    summary: "{{ $value | humanize }} requests a second are denied",
    description:
      "Either someone tries passwords or keys, or a program uses an old key, or a limit is too low.",
    runbook:
      "`./ragdock audit` shows who was denied and from which address. Raise `ragdock:ingress.limits`, or block the address " +
      "in front of this host.",
  },
  {
    name: "ApiKeyExpiresSoon",
    severity: "warning",
    expr: "max(frontdoor_keys_expiring) > 0",
    holds: "1h",
    summary: "{{ $value }} API keys expire within two weeks",
    description: "Programs that use them will get 401.",
    runbook:
      "`./ragdock keys list` shows the keys. Create new ones with `./ragdock keys create`, configure the programs with them, then " +
      "revoke the old keys.",
  },
];

const row: Row = {
  board: "overview",
  title: "Sign-in and keys",
  panels: [
    stat("People signed in", orZero("max(frontdoor_sessions)")),
    stat("API keys", orZero("max(frontdoor_keys)")),
    lines("Denied requests a second", {
      "{{reason}}": "sum by (reason) (rate(frontdoor_denials_total[5m]))",
      tokens: outOfTokens,
    }),
    lines("Sign-ins a minute", {
      "{{result}}": "sum by (result) (rate(frontdoor_sign_ins_total[5m])) * 60",
    }),
  ],
};
