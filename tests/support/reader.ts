import { Failure } from "../../config/spec/failure.ts";
import { shownTo } from "../../config/spec/message.ts";

/** A message as a user of the Pulumi CLI reads it. @param stack @default the commands name none */
export const toPulumi = (message = "", stack?: string): string =>
  shownTo(message, { deployer: "pulumi", ...(stack ? { stack } : {}) });

/** The refusal of a user's mistake, as a user of the Pulumi CLI reads it. Empty if nothing is refused. */
export async function refusalOf(work: () => unknown, stack?: string): Promise<string> {
  try {
    await work();
    return "";
  } catch (error) {
    if (error instanceof Failure) return toPulumi(`${error.message}\n${error.advice}`, stack);
    throw error;
  }
}
