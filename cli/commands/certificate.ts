import { certificatesName, certificatesVolume } from "../../config/services/certificates.ts";
import { Failure } from "../../config/spec/failure.ts";
import { containersOf, docker } from "../../host/docker.ts";
import { command, print, stackOption } from "../command.ts";

export const certificate = command({
  name: "certificate",
  summary: "Print the certificate of the stack's own authority, for clients to trust",
  options: { stack: stackOption },
  examples: ["certificate > ragdock-ca.pem"],
  run: async ({ stack }) => {
    const [container] = await containersOf(stack, certificatesName);
    const file = `${certificatesVolume.path}/ca.pem`;
    const text = container ? await docker("exec", container.Id, "cat", file).catch(() => "") : "";
    if (!text)
      throw new Failure(
        `Stack "${stack}" has no authority.`,
        `Run: pulumi config set --stack ${stack} --path ragdock:ingress.tls internal; then: make up STACK=${stack}`,
      );
    print(text.trim());
    return 0;
  },
});
