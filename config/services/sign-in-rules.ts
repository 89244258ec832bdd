import { valueAt } from "../settings/issues.ts";
import { type Problem, problem, setCommand, withoutEffect } from "../spec/problem.ts";
import { publishedPorts, type ServiceSpec } from "../spec/service.ts";
import { isEncrypted } from "./auth.ts";
import type { Context } from "./module.ts";

/** Problems of the sign-in and of ports that everyone reaches. */
export const signInProblems = (
  ctx: Context,
  raw: Readonly<Record<string, unknown>>,
  services: readonly ServiceSpec[],
): Problem[] => [...withoutUse(ctx, raw, services), ...providerProblems(ctx), ...openPorts(ctx, services)];

/** Reports settings that would do nothing. */
function withoutUse(
  { settings: { ingress, system } }: Context,
  raw: Readonly<Record<string, unknown>>,
  services: readonly ServiceSpec[],
): Problem[] {
  const { signIn } = ingress;
  const hasProvider = signIn !== undefined && "issuer" in signIn;
  const isPublished = services.some(({ role }) => role === "ingress");
  const useless: readonly (readonly [key: string, isSet: boolean, hasEffect: boolean, why: string])[] = [
    ["ingress.signIn", signIn !== undefined, isPublished, `no application of ${system} is published`],
    [
      "ingress.roles",
      valueAt(raw, ["ingress", "roles"]) !== undefined,
      hasProvider,
      "roles are for the people of a provider; ./ragdock users role changes those of built-in users",
    ],
    [
      "ingress.limits",
      valueAt(raw, ["ingress", "limits"]) !== undefined,
      signIn !== undefined,
      "limits count the requests of people and keys, and there is no sign-in",
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
            "the provider asks for the secret of this client",
            "Run: pulumi config set --secret ragdock:signInClientSecret",
          ),
        ]),
    ...(domains.length + groups.length + emails.length > 0
      ? []
      : [
          problem(
            "ingress.signIn.allow",
            "no one",
            "one of its lists must name people who may sign in",
            `Run: ${setCommand("ingress.signIn.allow.domains[0]", "example.org")}`,
          ),
        ]),
  ];
}

/** Refuses ports that `prod` publishes to everyone without TLS, or without a sign-in. */
function openPorts(
  { prod, stack, settings: { ingress } }: Context,
  services: readonly ServiceSpec[],
): Problem[] {
  const ports = services.flatMap((s) =>
    publishedPorts(s)
      .filter(({ exposure }) => exposure === "public")
      .map(({ host, owner = s.name }) => `port ${host} of ${owner}`),
  );
  const missing = [...(isEncrypted(ingress) ? [] : ["TLS"]), ...(ingress.signIn ? [] : ["a sign-in"])].join(
    " and ",
  );
  if (ingress.open) {
    const closed = prod ? "the ports have TLS and a sign-in" : "dev publishes on this host only";
    return prod && missing ? [] : [withoutEffect("ingress.open", closed)];
  }
  if (!prod || ports.length === 0 || !missing) return [];
  return [
    problem(
      "ingress",
      `${ports.join(", ")} for everyone, without ${missing}`,
      "everyone who reaches this host could read and delete the documents",
      `Add to ragdock:ingress in Pulumi.${stack}.yaml, then run ./ragdock users add:
      domain: rag.example.org
      tls: acme
      signIn: { users: true }
    docs/guide/going-public.md shows the other ways, such as a proxy in front and closed networks.`,
    ),
  ];
}
