import { valueAt } from "../settings/issues.ts";
import { secretCommand, setCommand, toRun } from "../spec/message.ts";
import { type Problem, problem, withoutEffect } from "../spec/problem.ts";
import { publishedPorts, type ServiceSpec } from "../spec/service.ts";
import { isEncrypted } from "./auth.ts";
import type { Context } from "./module.ts";
import { nameProblems, settingOf } from "./name-rules.ts";
import { hasOwnApps } from "./own-app-settings.ts";
import { tokensVariable } from "./reference-app.ts";

/** Problems of TLS, of the sign-in, and of ports that everyone reaches. */
export const ingressProblems = (
  ctx: Context,
  raw: Readonly<Record<string, unknown>>,
  services: readonly ServiceSpec[],
): Problem[] => [
  ...withoutUse(ctx, raw, services),
  ...providerProblems(ctx),
  ...tlsProblems(ctx, services),
  ...nameProblems(ctx, services),
  ...openPorts(ctx, services),
];

/** Reports settings that have no effect. */
function withoutUse(
  { settings, models }: Context,
  raw: Readonly<Record<string, unknown>>,
  services: readonly ServiceSpec[],
): Problem[] {
  const { ingress, system } = settings;
  const { signIn, tls, domain, names, hosts, email, acmeServer } = ingress;
  const unpublished = `no application of ${system} is published`;
  const noAuthority = "only `tls: acme` uses a public authority";
  const hasProvider = signIn !== undefined && "issuer" in signIn;
  const countsTokens = services.some(({ environment }) => environment[tokensVariable] !== undefined);
  const uncounted = countsTokens
    ? "no language model is configured (`ragdock:llm.provider`)"
    : `${hasOwnApps(settings) ? "your own application" : system} does not count tokens`;
  const isPublished = services.some(({ role }) => role === "ingress");
  const useless: readonly (readonly [key: string, isSet: boolean, hasEffect: boolean, why: string])[] = [
    ["ingress.signIn", signIn !== undefined, isPublished, unpublished],
    ["ingress.tls", tls !== "off", isPublished, unpublished],
    ["ingress.names", Object.keys(names).length > 0, isPublished, unpublished],
    [
      "ingress.domain",
      domain !== undefined,
      tls !== "off" || hosts.length > 0,
      "the domain is the name in the certificate, and `tls` is off",
    ],
    ["ingress.email", email !== undefined, tls === "acme", noAuthority],
    ["ingress.acmeServer", acmeServer !== undefined, tls === "acme", noAuthority],
    [
      "ingress.roles",
      valueAt(raw, ["ingress", "roles"]) !== undefined,
      hasProvider,
      "roles apply to people of a provider; for built-in users, run ./ragdock users role",
    ],
    [
      "ingress.limits",
      valueAt(raw, ["ingress", "limits"]) !== undefined,
      signIn !== undefined,
      "limits count the requests of people and keys, so they need a sign-in",
    ],
    [
      "ingress.limits.tokensPerDay",
      signIn !== undefined && ingress.limits.tokensPerDay !== undefined,
      countsTokens && models.llm.provider !== "none",
      uncounted,
    ],
  ];
  return useless.flatMap(([key, isSet, hasEffect, why]) =>
    isSet && !hasEffect ? [withoutEffect(key, why)] : [],
  );
}

function providerProblems({ settings: { ingress }, secrets }: Context): Problem[] {
  const { signIn } = ingress;
  if (!signIn || !("issuer" in signIn)) return [];
  const { domains, groups, emails } = signIn.allow;
  return [
    ...(secrets.has("signInClientSecret")
      ? []
      : [
          problem(
            "ingress.signIn.clientId",
            signIn.clientId,
            "the provider requires the secret of this client",
            `${toRun}${secretCommand("signInClientSecret")}`,
          ),
        ]),
    ...(domains.length + groups.length + emails.length > 0
      ? []
      : [
          problem(
            "ingress.signIn.allow",
            "no one",
            "at least one of its lists must not be empty: it says who may sign in",
            `${toRun}${setCommand("ingress.signIn.allow.domains[0]", "example.org")}`,
          ),
        ]),
  ];
}

const isAddress = (domain: string): boolean => /^[\d.]+$/.test(domain);

/** Whether a public authority cannot certify a name. */
const isPrivate = (name: string): boolean =>
  !name.includes(".") || /\.(local|localhost|internal|test|example|invalid)$/.test(name);

function tlsProblems(
  { settings: { ingress }, secrets }: Context,
  services: readonly ServiceSpec[],
): Problem[] {
  const { tls, domain, names, acmeServer } = ingress;
  if (tls === "files")
    return (["tlsCertificate", "tlsKey"] as const)
      .filter((key) => !secrets.has(key))
      .map((key) => {
        const fix = `${toRun}${secretCommand(key)} < ${key === "tlsKey" ? "privkey" : "fullchain"}.pem`;
        return problem("ingress.tls", '"files"', `the secret ${key} is missing`, fix);
      });
  if (tls !== "acme") return [];
  const [first = "gateway"] = services.flatMap((s) =>
    publishedPorts(s).flatMap(({ tls, owner }) => (tls && owner ? [owner] : [])),
  );
  const asked = services.some((s) => publishedPorts(s).some(({ redirects }) => redirects));
  const set = setCommand("ingress.domain", "rag.example.org");
  const known = "a public authority issues certificates only for names in public DNS";
  return [
    ...(domain && !isAddress(domain) && (acmeServer || !isPrivate(domain))
      ? []
      : [
          problem(
            "ingress.domain",
            domain ? `"${domain}"` : "nothing",
            known,
            `${toRun}${set}; or, for a closed network: ${setCommand("ingress.tls", "internal")}`,
          ),
        ]),
    ...Object.keys(names)
      .filter((name) => !acmeServer && isPrivate(name))
      .map((name) => problem(settingOf(name), `"${name}"`, known, "Use a name such as api.rag.example.org.")),
    ...(asked || !services.some(({ role }) => role === "ingress")
      ? []
      : [
          problem(
            "ingress.tls",
            '"acme"',
            "the authority connects to port 80, but the first application is not published to everyone",
            `${toRun}${setCommand(`services.${first}.exposure`, "public")}; or: ${setCommand("ingress.tls", "internal")}`,
          ),
        ]),
  ];
}

/** Refuses ports that `prod` publishes to everyone without TLS, or without a sign-in. */
function openPorts(
  { prod, stack, settings: { ingress } }: Context,
  services: readonly ServiceSpec[],
): Problem[] {
  // The registry of a Swarm has a password, which only the nodes know.
  const ports = services.flatMap((s) =>
    publishedPorts(s)
      .filter(({ exposure, redirects }) => exposure === "public" && !redirects && s.role !== "registry")
      .map(({ host, owner = s.name }) => `port ${host} of ${owner}`),
  );
  const missing = [...(isEncrypted(ingress) ? [] : ["TLS"]), ...(ingress.signIn ? [] : ["a sign-in"])].join(
    " and ",
  );
  if (ingress.open) {
    const closed = prod ? "the ports have TLS and a sign-in" : "dev publishes ports on this host only";
    return prod && missing ? [] : [withoutEffect("ingress.open", closed)];
  }
  if (!prod || ports.length === 0 || !missing) return [];
  return [
    problem(
      "ingress",
      `${ports.join(", ")} for everyone, without ${missing}`,
      "everyone who reaches this host could read and delete the documents",
      `Add these lines to ragdock:ingress in Pulumi.${stack}.yaml. After the deployment, add a user: ./ragdock users add anna --role admin --stack ${stack}
      domain: rag.example.org
      tls: acme
      signIn: { users: true }
    docs/guide/going-public.md shows the other ways, such as a proxy in front and closed networks.`,
    ),
  ];
}
