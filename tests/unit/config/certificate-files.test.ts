/**
 * Tests which certificates and keys of users are refused before a deployment. OpenSSL creates them.
 * front-door/tests/certificates tests the program that checks them again.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  pairProblems,
  requireCertificate,
  secretProblems,
} from "../../../config/services/certificate-files.ts";
import { open, systemWith } from "../../support/program.ts";
import { refusalOf } from "../../support/reader.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-certificates-"));
afterAll(() => rmSync(folder, { recursive: true }));

const day = 86_400_000;
const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** A certificate that is valid for ten days, and its key. */
function pair(name: string, names: string): { chain: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const more = ["-days", "10", "-subj", `/CN=${name}`, "-addext", `subjectAltName=${names}`];
  execFileSync("openssl", ["req", "-x509", ...ec, ...more, "-keyout", key, "-out", cert], { stdio: "pipe" });
  return { chain: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

let own: { chain: string; key: string };
let other: { chain: string; key: string };
beforeAll(() => {
  own = pair("own", "DNS:rag.example.org,DNS:*.apps.example.org,IP:10.0.0.1");
  other = pair("other", "DNS:other.example.org");
});

const said = (...wrong: Parameters<typeof pairProblems>): string[] =>
  pairProblems(...wrong).map(({ path, found, problem }) => `${path}: ${found}; ${problem}`);
const found = "ragdock:tlsCertificate: a certificate for";

describe("a certificate", () => {
  it("is accepted with its key and its names, which wildcards cover", () => {
    expect(said(own.chain, own.key, ["rag.example.org", "Api.apps.example.org", "10.0.0.1"])).toEqual([]);
  });

  it("is refused without one of the names", () => {
    const names = ["rag.example.org", "api.example.org", "a.b.apps.example.org", "10.0.0.2", "own"];
    expect(said(own.chain, own.key, names)).toEqual([
      `${found} DNS:rag.example.org, DNS:*.apps.example.org, IP Address:10.0.0.1; it is not valid for api.example.org, a.b.apps.example.org, 10.0.0.2, own`,
    ]);
  });

  it("is refused with another key", () => {
    expect(said(other.chain, own.key, [])).toEqual([
      `${found} DNS:other.example.org; tlsKey does not belong to it`,
    ]);
  });

  it.each([
    [-2 * day, /; it becomes valid on \d{4}-\d\d-\d\dT\S+$/],
    [20 * day, /; it expired on \d{4}-\d\d-\d\dT\S+$/],
  ])("is refused %d ms from now", (later, expected) => {
    expect(said(own.chain, own.key, [], new Date(Date.now() + later))).toEqual([
      expect.stringMatching(expected),
    ]);
  });

  it("is refused with a chain that is not in order", () => {
    expect(said(own.chain + other.chain, own.key, [])).toEqual([
      expect.stringContaining("its chain is not in order"),
    ]);
    expect(said(other.chain + own.chain, own.key, [])).toContainEqual(
      expect.stringContaining("must be the first of the chain"),
    );
  });
});

describe("a secret", () => {
  it("that is no certificate or no key is refused without its text", () => {
    const problems = said("junk", "junk", []);
    expect(problems.map((line) => line.split(";")[0])).toEqual([
      "ragdock:tlsCertificate: no certificate",
      "ragdock:tlsKey: the text is not a readable private key",
    ]);
    expect(problems.join()).not.toContain("junk");
    expect(secretProblems("tlsKey", own.key)).toEqual([]);
    expect(secretProblems("llmApiKey", "junk")).toEqual([]);
  });
});

describe("a system", () => {
  const keys = new Set(["tlsCertificate", "tlsKey"]);
  const system = (tls: string) =>
    systemWith(
      {
        system: "m31",
        environment: "prod",
        ingress: { ...open, tls, domain: "rag.example.org", names: { "api.example.org": "/" } },
      },
      { secrets: new Set([...keys, "mistralApiKey", "openaiApiKey"]) },
    );

  it("with `tls: files` needs a certificate for its domain and its names", async () => {
    const values = { tlsCertificate: own.chain, tlsKey: own.key };
    expect(await refusalOf(() => requireCertificate(system("files"), values), "prod")).toMatch(
      /nothing was changed:\n.*it is not valid for api\.example\.org\n.*pulumi config set --stack prod --secret ragdock:tlsCertificate/,
    );
  });

  it("with another source of certificates, or with unknown values, is not checked", () => {
    const values = { tlsCertificate: "junk", tlsKey: "junk" };
    expect(() => requireCertificate(system("internal"), values)).not.toThrow();
    expect(() => requireCertificate(system("files"), {})).not.toThrow();
  });
});
