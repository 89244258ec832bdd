import { inject } from "vitest";
import { Rag } from "../../support/rag.ts";
import { TestStack } from "../../support/stack.ts";
import { name, port, prometheusPort, settings } from "./settings.ts";

export { name, port, prometheusPort, settings } from "./settings.ts";

/**
 * The stack under test: the system `full` on the embedded engine, with `images: packages`. setup.ts
 * starts and removes it. Each test file in this folder is a group, which can run alone and restores
 * the stack. These tests do not prove that the Pulumi CLI or a registry works.
 */
export const stack = new TestStack(name, settings, inject("stackFolder"));

/** The stack's API, through its ingress. */
export const rag = new Rag(port);

/** Queries the stack's Prometheus. */
export async function prometheus<T>(path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/${path}`);
  const body = (await response.json()) as { status: string; data: T; error?: string };
  if (body.status !== "success") throw new Error(`${path}: ${body.error}`);
  return body.data;
}
