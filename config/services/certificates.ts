import { type Alert, lines, type Row, stat } from "../spec/monitoring.ts";
import { orZero } from "../spec/promql.ts";
import type { LongRunning, VolumeMount } from "../spec/service.ts";
import { frontDoorCheck, frontDoorImage, frontDoorUser } from "./front-door.ts";
import { type Context, type ServiceTemplate, serviceDefaults } from "./module.ts";
import { fromUser, secretFile } from "./secrets.ts";

/** The service that gets certificates and renews them. */
export const certificatesName = "certificates";

/** Its port for challenges of an authority, for its health and for its metrics. */
export const certificatesPort = 8000;

/** The folder that the ingress reads at each handshake. */
export const certificatesVolume: VolumeMount = { volume: "certificates", path: "/certificates" };

/**
 * Gets the certificate of the ingress and renews it. The ingress reads it at each handshake, so a
 * new one replaces no container and closes no connection.
 */
export function certificates(ctx: Context): ServiceTemplate<LongRunning> {
  const { tls, domain = "", email, acmeServer } = ctx.settings.ingress;
  return {
    ...serviceDefaults,
    name: certificatesName,
    role: "certificates",
    // Two of them would ask the authority twice.
    kind: "stateful",
    image: frontDoorImage,
    command: ["certificates"],
    user: frontDoorUser,
    tmpfs: ["/tmp"],
    // The authority is outside.
    outside: tls === "acme",
    environment: {
      CERTIFICATES_SOURCE: tls,
      CERTIFICATES_DOMAIN: domain,
      CERTIFICATES_TITLE: `${ctx.project}-${ctx.stack}`,
      ...(email ? { CERTIFICATES_EMAIL: email } : {}),
      ...(acmeServer ? { CERTIFICATES_ACME_SERVER: acmeServer } : {}),
    },
    files: tls === "files" ? [fromUser("tlsCertificate"), fromUser("tlsKey")].map(secretFile) : [],
    volumes: [certificatesVolume],
    healthcheck: frontDoorCheck(certificatesName, certificatesPort),
    metrics: { port: certificatesPort, path: "/metrics" },
    limits: { cpus: 0.5, memory: "192MiB" },
    alerts: tls === "files" ? [...alerts, expiresSoon(14)] : [...alerts, expiresSoon(20)],
    rows: [row],
  };
}

const expires = "min(ragdock_certificate_expires_timestamp_seconds) - time()";
const day = 86_400;

const expiresSoon = (days: number): Alert => ({
  name: "CertificateExpiresSoon",
  severity: "warning",
  expr: `${expires} < ${days} * ${day}`,
  holds: "1h",
  summary: "The certificate expires in {{ $value | humanizeDuration }}",
  description: "It should have been renewed by now. Browsers refuse the service when it has expired.",
  runbook:
    "Read `make logs SERVICE=certificates`: it has the reason. For `tls: files`, set the secrets tlsCertificate and tlsKey " +
    "again, then run `make up`.",
});

const alerts: readonly Alert[] = [
  {
    name: "CertificateExpires",
    severity: "critical",
    expr: `${expires} < 3 * ${day}`,
    summary: "The certificate expires in {{ $value | humanizeDuration }}",
    description: "Browsers refuse the service when it has expired.",
    runbook: "Read `make logs SERVICE=certificates`. Solve what it names today.",
    suppresses: ["CertificateExpiresSoon"],
  },
  {
    name: "CertificateRenewalFails",
    severity: "warning",
    expr: "increase(ragdock_certificate_failures_total[6h]) > 2",
    summary: "The certificate cannot be renewed",
    description: "{{ $value | humanize }} attempts failed within six hours.",
    runbook:
      "Read `make logs SERVICE=certificates`. The authority must reach port 80 of this host under the domain of " +
      "`ragdock:ingress.domain`.",
  },
  {
    name: "CertificateMissing",
    severity: "critical",
    expr: "max(ragdock_certificate_placeholder) == 1",
    holds: "10m",
    summary: "The service has no certificate that browsers trust",
    description: "The first certificate could not be had. The ingress presents a placeholder.",
    runbook:
      "Read `make logs SERVICE=certificates`. For `tls: acme`, does the name of `ragdock:ingress.domain` lead to this host?",
    suppresses: ["CertificateExpiresSoon", "CertificateRenewalFails"],
  },
];

const row: Row = {
  board: "overview",
  title: "Certificate",
  panels: [
    stat("Expires in", `${expires}`, { unit: "s", redBelow: 3 * day }),
    stat("Can be trusted", "1 - max(ragdock_certificate_placeholder)", { redBelow: 1 }),
    lines("Failed renewals", { failures: orZero("sum(increase(ragdock_certificate_failures_total[1h]))") }),
  ],
};
