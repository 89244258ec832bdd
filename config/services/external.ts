import type { TlsMode } from "../settings/stores.ts";
import type { Secret } from "../spec/content.ts";
import type { Login, Logins } from "../spec/credentials.ts";
import type { ExternalStore } from "../spec/external-store.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { catalogueImage } from "../spec/image.ts";
import { secretCommand, toRun } from "../spec/message.ts";
import { type Problem, problem, withoutEffect, wrongValue } from "../spec/problem.ts";
import type { FileSpec, Job } from "../spec/service.ts";
import { type Context, jobDefaults } from "./module.ts";
import { projectFile } from "./project-files.ts";
import { fromUser, secretFile, secretPath } from "./secrets.ts";

/** How clients connect to a store. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  /** The file with the certificates that the server is checked against. @default none */
  readonly authority?: string;
  /** That file, if there is one. */
  readonly files: readonly FileSpec[];
}

/** A connection within the stack. Its networks are internal, so it is not encrypted. */
export const insideStack = (host: string, port: number): Connection => ({
  host,
  port,
  tls: "disable",
  files: [],
});

type GuardedRole = "postgres" | "redis";

const passwordKeys = { postgres: "postgresPassword", redis: "redisPassword" } as const;
const authorityKeys = { postgres: "postgresAuthority", redis: "redisAuthority" } as const;

/** Whether clients check the certificate of the server. */
const isChecked = (tls: TlsMode): boolean => tls === "verify-ca" || tls === "verify-full";

/** A connection to a store outside of the stack. */
export function outsideStack(
  role: GuardedRole,
  { host, port, tls }: Pick<Connection, "host" | "port" | "tls">,
): Connection {
  if (!isChecked(tls)) return { host, port, tls, files: [] };
  const authority = fromUser(authorityKeys[role]);
  return { host, port, tls, authority: secretPath(authority), files: [secretFile(authority)] };
}

/** The job that checks a store outside of the stack. Its clients wait for it. */
export const checkOf = (store: string): string => `${store}-check`;

/** The login at a store outside of the stack. Clients and monitor share it. */
export function externalLogin(store: string, role: GuardedRole, user: string): Logins {
  const source = fromUser(passwordKeys[role]).source;
  const login: Login = {
    user: { name: `${store}-user`, source: { from: "known", value: user } },
    password: { name: `${store}-password`, source, validAfter: checkOf(store) },
  };
  return { ...login, monitor: login };
}

interface Check {
  readonly image: CatalogueImage;
  readonly shell: "bash" | "sh";
  readonly environment: Readonly<Record<string, string>>;
  readonly password?: Secret;
  readonly files?: readonly FileSpec[];
}

/** Makes the job that checks a store outside of the stack. */
export function checkJob(checks: ExternalStore, { image, shell, environment, password, files }: Check): Job {
  const script = projectFile(`config/services/files/${checks.role}-external.sh`, "/etc/ragdock/check.sh");
  return {
    ...jobDefaults,
    ...catalogueImage(image),
    name: checkOf(checks.name),
    role: checks.role,
    // Not every image has an entrypoint that runs another program.
    entrypoint: [shell, script.path],
    environment,
    files: [
      ...(password ? [{ ...secretFile(password), path: "/run/secrets/password" }] : []),
      ...(files ?? []),
      script,
    ],
    limits: { cpus: 0.25, memory: "64MiB" },
    outside: true,
    timeout: "5m",
    checks,
  };
}

/** Reports secrets that a store outside of the stack needs, and names that it does not use. */
export function externalProblems({ settings, secrets }: Context, role: GuardedRole): Problem[] {
  const { external } = settings[role];
  if (!external) return [];
  const missing = (key: "postgresPassword" | "postgresAuthority" | "redisPassword" | "redisAuthority") =>
    secrets.has(key)
      ? []
      : [problem(key, "nothing", `${role}.external needs this secret`, `${toRun}${secretCommand(key)}`)];
  const isAlone =
    "allow" in external && external.allow.includes("restore") && !external.allow.includes("backup");
  const names = (["database", "user"] as const).filter(
    (key) => role === "postgres" && settings.postgres[key] !== undefined,
  );
  return [
    ...missing(passwordKeys[role]),
    ...(isChecked(external.tls) ? missing(authorityKeys[role]) : []),
    ...(isAlone
      ? [
          wrongValue(
            `${role}.external.allow`,
            "restore alone",
            "a restore first backs up what is there",
            '\'["backup","restore"]\'',
          ),
        ]
      : []),
    ...names.map((key) => withoutEffect(`postgres.${key}`, `use postgres.external.${key} instead`)),
  ];
}
