import { z } from "zod";
import { accessRoles } from "../spec/access.ts";
import { group, integer, like, name, optional, url } from "./kinds.ts";

const hostName = like(/^[\w.-]+$/, "be a host name without a port, such as rag.example.org");

/** A host name that the stack serves, or that an application calls. */
export const appHost = like(
  /^(?=.*[a-z])[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
  "be a host name in lower case and without a port, such as api.rag.example.org",
);

/** A path under which the ingress serves something. */
export const servedPath = like(
  /^\/([a-zA-Z0-9][\w.~-]*\/)*$/,
  "be a path that begins and ends with /, such as /api/",
);

const origin = like(
  /^https?:\/\/[\w.-]+(:\d+)?$/,
  "be an origin without a path, such as https://portal.example.org",
);

const addresses = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: "must be an IP address or a range, such as 192.0.2.7 or 10.0.0.0/8",
});

const email = z.email({ error: "must be an email address, such as ops@example.org" });

const members = (what: string) =>
  z.array(name).default([]).describe(`${what} An email address, or a group as \`group:<name>\`.`);

const builtIn = z.strictObject({
  users: z.literal(true).describe("People sign in with a password. `make users` adds them."),
});

const provider = z.strictObject({
  issuer: url.describe("Address of the OpenID Connect provider, as its documents name it."),
  clientId: name.describe(
    "Client that the provider knows. Set its secret with `pulumi config set --secret ragdock:signInClientSecret`.",
  ),
  allow: group("People of the provider who may sign in. One match in one of the lists is enough.", {
    domains: z.array(hostName).default([]).describe("Domains of their email addresses."),
    groups: z.array(name).default([]).describe("Groups, as the claim `groups` names them."),
    emails: z.array(email).default([]).describe("Email addresses."),
  }),
});

const perMinute = (what: string, most: number) =>
  integer(1, 1_000_000).default(most).describe(`${what} per minute of one person or key.`);

/** The settings under `ragdock:ingress`. */
export const ingress = group("Requests from outside.", {
  domain: optional("Host name of the service. Certificates are for this name.", hostName),
  names: z
    .record(appHost, servedPath)
    .default({})
    .describe(
      "More host names. Each serves one path of the stack: `{ api.rag.example.org: /api/ }`. The certificate contains all names.",
    ),
  tls: z
    .enum(["acme", "files", "internal", "off"])
    .default("off")
    .describe(
      "Source of the certificate: a public authority by ACME, the secrets `tlsCertificate` and `tlsKey`, or an authority of the stack for closed networks.",
    ),
  email: optional("Email address for messages of the certificate authority.", email),
  acmeServer: optional("ACME directory of the authority. By default the directory of Let's Encrypt.", url),
  signIn: optional(
    "How people sign in: `{ users: true }`, or an OpenID Connect provider. Programs use API keys. By default no one signs in.",
    z.union([builtIn, provider], {
      error: "must be { users: true }, or have an issuer, a clientId and `allow`",
    }),
  ),
  roles: group("Who of the provider's people gets which role.", {
    admin: members("May also delete documents of others, and see the monitoring pages."),
    editor: members("May also upload documents, and delete their own."),
    reader: members("May read and ask."),
    default: z
      .enum([...accessRoles, "none"])
      .default("reader")
      .describe("Role of everyone else who may sign in."),
  }),
  limits: group("Limits of requests. With `signIn` only.", {
    requests: perMinute("Requests", 1200),
    questions: perMinute("Questions", 60),
    uploads: perMinute("Uploads", 60),
    tokensPerDay: optional(
      "Tokens of the language model per day (UTC) of one person or key, in the reference application. By default they are not limited.",
      integer(1, 1_000_000_000_000),
    ),
  }),
  open: optional(
    "Allows `prod` to publish a port without TLS and without a sign-in.",
    z.literal("everyone may read and delete documents"),
  ),
  origins: z
    .array(origin)
    .default([])
    .describe(
      "Other sites whose pages may use the applications: send requests that change something, open WebSockets, and show pages in a frame.",
    ),
  hosts: z
    .array(hostName)
    .default([])
    .describe(
      "Host names that are served, in addition to `domain`, `names`, localhost and IP addresses. Other names get 421. By default all names are served.",
    ),
  trustedProxies: z
    .array(addresses)
    .default([])
    .describe(
      "Proxies in front, whose `X-Forwarded-For` names the client. By default the address of the connection is the client.",
    ),
});

export type IngressSettings = z.output<typeof ingress>;
