import { Healthcheck } from "../spec/healthcheck.ts";
import { type Alert, lines, type Row, stat } from "../spec/monitoring.ts";
import { orZero } from "../spec/promql.ts";
import type { LongRunning, VolumeMount } from "../spec/service.ts";
import { frontDoorImage, frontDoorUser } from "./front-door.ts";
import { type Context, type ServiceTemplate, serviceDefaults } from "./module.ts";
import { fromUser, secretFile } from "./secrets.ts";

/** The service that gets certificates and renews them. */
export const certificatesName = "certificates";

/**
 * The port in the ingress' container that takes requests without TLS. It is below the ports of the
 * routes.
 */
export const plainPort = 8079;

/** Its port for health and metrics. */
const port = 8000;

/**
 * The port for the validation by an authority. The service answers on this port only while it
 * requests a certificate.
 */
export const challengePort = 8402;

/** The folder that the ingress reads at each handshake. */
export const certificatesVolume: VolumeMount = { volume: "certificates", path: "/certificates" };

/**
 * Gets the certificate of the ingress and renews it. The ingress reads it at each handshake, so a
 * new one replaces no container and closes no connection.
 */
export function certificates(ctx: Context): ServiceTemplate<LongRunning> {
  const { tls, domain = "", names, email, acmeServer } = ctx.settings.ingress;
  return {
    ...serviceDefaults,
    name: certificatesName,
    role: "certificates",
    // Two containers would send each request to the authority twice.
    kind: "stateful",
    image: frontDoorImage,
    command: ["certificates"],
    user: frontDoorUser,
    tmpfs: ["/tmp"],
    // The authority is outside.
    outside: tls === "acme",
    calls: tls === "acme" ? ["ingress"] : [],
    environment: {
      CERTIFICATES_SOURCE: tls,
      CERTIFICATES_DOMAIN: domain,
      ...(Object.keys(names).length > 0 ? { CERTIFICATES_NAMES: Object.keys(names).join(" ") } : {}),
      // An authority validates through the ingress, which starts after this program.
      ...(tls === "acme" ? { CERTIFICATES_INGRESS: `ingress:${plainPort}` } : {}),
      CERTIFICATES_TITLE: `${ctx.project}-${ctx.stack}`,
      ...(email ? { CERTIFICATES_EMAIL: email } : {}),
      ...(acmeServer ? { CERTIFICATES_ACME_SERVER: acmeServer } : {}),
    },
    files: tls === "files" ? [fromUser("tlsCertificate"), fromUser("tlsKey")].map(secretFile) : [],
    volumes: [certificatesVolume],
    // The program may wait half a minute until nginx no longer reads the files that it replaces.
    healthcheck: Healthcheck.command(["python3", "-m", "frontdoor", "certificates", "probe"], {
      startPeriod: "1m",
    }),
    metrics: { port, path: "/metrics" },
    limits: { cpus: 0.5, memory: "128MiB" },
    alerts: alertsOf(tls === "files"),
    rows: [row],
  };
}

const expires = "ragdock_certificate_expires_timestamp_seconds";
const lifetime = `(${expires} - ragdock_certificate_begins_timestamp_seconds)`;
const remaining = `(${expires} > 0) - time()`;
const day = 86_400;

/**
 * Automatic renewal starts after two thirds of the lifetime of a certificate. Authorities make that
 * lifetime shorter every year. A user's file is renewed by hand.
 */
const bounds = {
  byItself: { soon: `0.2 * ${lifetime}`, now: `0.05 * ${lifetime}` },
  byHand: { soon: `${14 * day}`, now: `${3 * day}` },
} as const;

function alertsOf(isFile: boolean): Alert[] {
  const { soon, now } = bounds[isFile ? "byHand" : "byItself"];
  const runbook = isFile
    ? "Set the secrets `tlsCertificate` and `tlsKey` again, then run `make up`."
    : "Read `make logs SERVICE=certificates`: the log has the reason.";
  return [
    {
      name: "CertificateExpires",
      severity: "critical",
      expr: `${remaining} < ${now}`,
      summary: "The certificate expires in {{ $value | humanizeDuration }}",
      description: "Browsers refuse the service when its certificate has expired.",
      runbook,
      suppresses: ["CertificateExpiresSoon"],
    },
    {
      name: "CertificateExpiresSoon",
      severity: "warning",
      expr: `${remaining} < ${soon}`,
      holds: "1h",
      summary: "The certificate expires in {{ $value | humanizeDuration }}",
      description: "The certificate should have been renewed by now.",
      runbook,
    },
    renewalFails,
    missing,
  ];
}

/**
 * The program checks every twelve hours. After a restart, the time of the last success is unknown.
 */
const renewalFails: Alert = {
  name: "CertificateRenewalFails",
  severity: "warning",
  expr: `time() - ragdock_certificate_last_success_timestamp_seconds > ${26 * 3600}`,
  holds: "1h",
  summary: "The certificate cannot be renewed",
  description: "No attempt has succeeded for a day, or since the service started.",
  runbook:
    "Read `make logs SERVICE=certificates`. A public authority must reach port 80 of this host under the name " +
    "`ragdock:ingress.domain` and those in `ragdock:ingress.names`.",
};

const missing: Alert = {
  name: "CertificateMissing",
  severity: "critical",
  expr: `${expires} == 0`,
  holds: "15m",
  summary: "The service has no certificate that browsers trust",
  description:
    "The first certificate could not be obtained. The ingress presents a placeholder certificate that no client accepts.",
  runbook:
    "Read `make logs SERVICE=certificates`. For `tls: acme`, the names of `ragdock:ingress.domain` and `names` must resolve to this host.",
  suppresses: ["CertificateRenewalFails"],
};

const row: Row = {
  board: "stores",
  title: "Certificate",
  panels: [
    stat("Expires in", orZero(`min(${remaining})`), { unit: "s", redBelow: 3 * day }),
    stat("Lifetime", `min(${lifetime})`, { unit: "s" }),
    lines(
      "Failed attempts",
      { failures: orZero("sum(increase(ragdock_certificate_failures_total[1h]))") },
      { width: 16 },
    ),
  ],
};
