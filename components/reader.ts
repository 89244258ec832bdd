import * as pulumi from "@pulumi/pulumi";
import type { Failure } from "../config/spec/failure.ts";
import { type Reader, readerVariable, shownTo } from "../config/spec/message.ts";

/** A message as the user of this deployment needs it. Ragdock's CLI says who that is. */
export const shown = (message: string): string =>
  shownTo(message, {
    deployer: "pulumi",
    stack: pulumi.getStack(),
    ...(JSON.parse(process.env[readerVariable] ?? "{}") as Partial<Reader>),
  });

/** A user's mistake as an error that Pulumi prints without a stack trace. */
export const runError = ({ message, advice }: Failure, show = shown): pulumi.RunError =>
  new pulumi.RunError(show(`${message}\n${advice}`));
