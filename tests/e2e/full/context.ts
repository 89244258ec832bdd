import { inject } from "vitest";
import { Rag } from "../../support/rag.ts";
import { TestStack } from "../../support/stack.ts";
import { name, port, prometheusPort, settings } from "./settings.ts";

export { port, prometheusPort, settings } from "./settings.ts";

/**
 * The stack under test: the system `full` on the embedded engine, with `images: packages`. setup.ts brings it up and removes
 * it. Each file next to this one is a group that runs alone too, and leaves the stack as it found it. None of them proves
 * what the Pulumi CLI or a registry does.
 */
export const stack = new TestStack(name, settings, inject("stackFolder"));

/** Its API, through its ingress. */
export const rag = new Rag(port);

/** Asks its Prometheus. */
export async function prometheus<T>(path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/${path}`);
  const body = (await response.json()) as { status: string; data: T; error?: string };
  if (body.status !== "success") throw new Error(`${path}: ${body.error}`);
  return body.data;
}
