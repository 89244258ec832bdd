import { certificatesName } from "../../config/services/certificates.ts";
import { Failure } from "../../config/spec/failure.ts";
import { setCommand, toRun } from "../../config/spec/message.ts";
import { type Container, containersOf } from "../../host/docker.ts";
import { command, print, stackOption } from "../command.ts";
import { authorityOf } from "../load/target.ts";

export const certificate = command({
  name: "certificate",
  summary: "Print the certificate of the stack's own authority, for clients to trust",
  options: { stack: stackOption },
  examples: ["certificate > ragdock-ca.pem"],
  run: async ({ stack }) => {
    const text = await authorityOf(stack);
    if (!text)
      throw new Failure(
        `Stack "${stack}" has no authority.`,
        `${toRun}${setCommand("ingress.tls", "internal")}; then: make up STACK=${stack}`,
      );
    const [container] = await containersOf(stack, certificatesName);
    const hint = otherSource(container);
    // Standard output may be the file of a client.
    if (hint) process.stderr.write(`${hint}\n`);
    print(text.trim());
    return 0;
  },
});

/** The hint to print if the stack's own authority did not issue the certificate of the ingress. */
export function otherSource(container: Container | undefined): string {
  const source = container?.Config.Env?.find((line) => line.startsWith("CERTIFICATES_SOURCE="))?.split(
    "=",
  )[1];
  if (source === undefined || source === "internal") return "";
  const whose =
    source === "files" ? "the certificate in your secret tlsCertificate" : "by a public authority";
  return `Clients do not need this certificate. ragdock:ingress.tls is ${source}: the certificate of the ingress is ${whose}.`;
}
