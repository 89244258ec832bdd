import { Failure } from "../../config/spec/failure.ts";
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
        `Run: pulumi config set --stack ${stack} --path ragdock:ingress.tls internal; then: make up STACK=${stack}`,
      );
    print(text.trim());
    return 0;
  },
});
