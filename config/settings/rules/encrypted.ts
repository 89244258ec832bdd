import { type Problem, problem, removeCommand } from "../../spec/problem.ts";
import { userSecrets } from "../schema.ts";

/** Settings that are encrypted in the stack's file but would be in clear in previews, state and containers. */
export const encryptedInVain = (encrypted: ReadonlySet<string>): Problem[] =>
  [...encrypted]
    .filter((key) => !Object.hasOwn(userSecrets, key))
    .map((key) =>
      problem(
        key,
        "an encrypted value",
        `only ${Object.keys(userSecrets).join(", ")} stay secret; this one would be shown`,
        `Set it without --secret, after: ${removeCommand(key)}`,
      ),
    );
