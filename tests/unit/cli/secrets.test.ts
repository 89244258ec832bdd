/** Tests the file of the user's secrets that the embedded engine reads. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import type { Container } from "../../../host/docker.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-secrets-"));
vi.stubEnv("XDG_STATE_HOME", folder);
vi.stubEnv("PULUMI_CONFIG_PASSPHRASE", "correct horse");
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

// The modules read the path of the state folder when they load.
const { readSecrets, removeSecrets, writeSecret } = await import("../../../cli/backends/secrets.ts");
const { otherSource } = await import("../../../cli/commands/certificate.ts");
const { stateDir, project } = await import("../../../host/paths.ts");

it("refuses a key or a certificate that cannot be read", async () => {
  await expect(writeSecret("papers", "tlsKey", "junk", [])).rejects.toThrow(
    /ragdock:tlsKey: found the text is not a readable private key; it must be in PEM/,
  );
  await expect(writeSecret("papers", "tlsCertificate", "junk", [])).rejects.toThrow(/no certificate/);
  expect(await readSecrets("papers")).toEqual({});
});

it("secrets are deleted together, and the command lists their names", async () => {
  await writeSecret("papers", "llmApiKey", "sk-canary", []);
  await writeSecret("papers", "API_TOKEN", "token", ["API_TOKEN"]);
  const file = join(stateDir, `${project}.papers.secrets`);
  expect(existsSync(file)).toBe(true);
  expect(await removeSecrets("papers")).toEqual(["llmApiKey", "API_TOKEN"]);
  expect(existsSync(file)).toBe(false);
  expect(await removeSecrets("papers")).toEqual([]);
});

it.each([
  ["internal", ""],
  [
    "files",
    "Clients do not need this certificate. ragdock:ingress.tls is files: the certificate of the ingress is the certificate in your secret tlsCertificate.",
  ],
  [
    "acme",
    "Clients do not need this certificate. ragdock:ingress.tls is acme: the certificate of the ingress is by a public authority.",
  ],
])("with `tls: %s`, the stack's authority is printed with the right hint", (source, hint) => {
  const container = { Config: { Env: ["PATH=/bin", `CERTIFICATES_SOURCE=${source}`] } };
  expect(otherSource(container as unknown as Container)).toBe(hint);
});
