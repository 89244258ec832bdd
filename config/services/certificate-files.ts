/**
 * Checks the user's certificate and key before a deployment. The program `certificates` makes the
 * same checks in front-door/frontdoor/certificates/pairs.py, but only after services were replaced.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { ConfigError } from "../settings/problem.ts";
import { secretCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import type { SystemSpec } from "../spec/service.ts";

const setCertificate = `${toRun}${secretCommand("tlsCertificate")} < fullchain.pem`;
const setKey = `${toRun}${secretCommand("tlsKey")} < privkey.pem`;

/** The values of the user's secrets by name, as far as they are known. */
type Values = Readonly<Record<string, string | undefined>>;

/**
 * Refuses a certificate or a key that the ingress could not use.
 * @throws ConfigError with everything that is wrong
 */
export function requireCertificate(system: SystemSpec, { tlsCertificate, tlsKey }: Values): void {
  const service = system.services.find(({ role }) => role === "certificates");
  const { CERTIFICATES_SOURCE, CERTIFICATES_DOMAIN, CERTIFICATES_NAMES = "" } = service?.environment ?? {};
  if (CERTIFICATES_SOURCE !== "files" || tlsCertificate === undefined || tlsKey === undefined) return;
  const names = CERTIFICATES_DOMAIN ? [CERTIFICATES_DOMAIN, ...CERTIFICATES_NAMES.split(" ")] : [];
  const problems = pairProblems(tlsCertificate, tlsKey, names.filter(Boolean));
  if (problems.length > 0) throw new ConfigError(problems);
}

/** What is wrong with a certificate, its key and the names that it must have. */
export function pairProblems(
  chain: string,
  keyText: string,
  names: readonly string[],
  now = new Date(),
): Problem[] {
  const unreadable = [...secretProblems("tlsCertificate", chain), ...secretProblems("tlsKey", keyText)];
  const [leaf, ...issuers] = certificatesIn(chain);
  const key = privateKeyIn(keyText);
  if (unreadable.length > 0 || !leaf || !key) return unreadable;
  const found = `a certificate for ${leaf.subjectAltName ?? leaf.subject}`;
  const wrong = (what: string): Problem => problem("tlsCertificate", found, what, setCertificate);
  const missing = names.filter((name) => !isValidFor(leaf, name));
  const first = issuers.length > 0 ? "; the certificate of the server must be the first of the chain" : "";
  return [
    ...(leaf.checkPrivateKey(key) ? [] : [wrong(`tlsKey does not belong to it${first}`)]),
    ...(leaf.validToDate <= now ? [wrong(`it expired on ${leaf.validToDate.toISOString()}`)] : []),
    ...(leaf.validFromDate > now ? [wrong(`it becomes valid on ${leaf.validFromDate.toISOString()}`)] : []),
    ...(missing.length > 0 ? [wrong(`it is not valid for ${missing.join(", ")}`)] : []),
    ...(isInOrder([leaf, ...issuers])
      ? []
      : [wrong("its chain is not in order: after each certificate must come the certificate of its issuer")]),
  ];
}

/** What is wrong with one of the user's secrets by itself. All other secrets can have any value. */
export function secretProblems(key: string, value: string): Problem[] {
  if (key === "tlsCertificate" && certificatesIn(value).length === 0)
    return [
      problem(key, "no certificate", "it must be in PEM (-----BEGIN CERTIFICATE-----)", setCertificate),
    ];
  if (key === "tlsKey" && !privateKeyIn(value))
    return [
      problem(
        key,
        "the text is not a readable private key",
        "it must be in PEM (-----BEGIN PRIVATE KEY-----), without a password: `openssl pkey -in key.pem` removes a password",
        setKey,
      ),
    ];
  return [];
}

/** The certificates in a text. Returns none if one of them cannot be read. */
function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return [];
  }
}

function privateKeyIn(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

/** Whether browsers accept the certificate for a name. Browsers ignore the subject. */
const isValidFor = (certificate: X509Certificate, name: string): boolean =>
  isIP(name) > 0
    ? certificate.checkIP(name) !== undefined
    : certificate.checkHost(name, { subject: "never", partialWildcards: false }) !== undefined;

const isInOrder = (chain: readonly X509Certificate[]): boolean =>
  chain.every((certificate, index) => {
    const issuer = chain[index + 1];
    return !issuer || (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  });
