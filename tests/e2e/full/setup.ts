/** Starts the stack of tests/e2e/full before the first group, and removes it after the last one. */
import type { TestProject } from "vitest/node";
import { TestStack } from "../../support/stack.ts";
import { name, settings } from "./settings.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The folder with the stack's settings and state. */
    stackFolder: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const stack = new TestStack(name, settings);
  provide("stackFolder", stack.folder);
  const { code, output } = await stack.make("up");
  if (code !== 0) {
    await stack.remove();
    throw new Error(output);
  }
  return () => stack.remove();
}
