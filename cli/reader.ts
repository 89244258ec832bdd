import { relative } from "node:path";
import { Failure } from "../config/spec/failure.ts";
import { hasReader, type Reader, readerVariable, shownTo } from "../config/spec/message.ts";
import { projectDir } from "../host/paths.ts";
import { type DeployerName, deployerOf } from "./backends/deployer.ts";
import { namedFile } from "./stack-file.ts";

const readerOf = (stack: string, deployer: DeployerName): Reader => ({
  deployer,
  stack,
  file: relative(projectDir, namedFile(stack)),
});

/** The variable that tells the program who reads its messages. */
export const readerEnvironment = (stack: string, deployer: DeployerName): Record<string, string> => ({
  [readerVariable]: JSON.stringify(readerOf(stack, deployer)),
});

/** A message as the user of a stack needs it. */
export function shownFor(stack: string, message: string): string {
  if (!hasReader(message)) return message;
  return shownTo(message, readerOf(stack, knownDeployer(stack)));
}

function knownDeployer(stack: string): DeployerName {
  try {
    return deployerOf(stack);
  } catch (error) {
    // The deployer itself is wrong, which the message says.
    if (error instanceof Failure) return "pulumi";
    throw error;
  }
}
