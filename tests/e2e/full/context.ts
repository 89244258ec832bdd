import { Rag } from "../../support/rag.ts";
import { TestStack } from "../../support/stack.ts";

/** The gateway's port. */
export const port = 18_080;
/** Prometheus' port. */
export const prometheusPort = 19_090;

/** The settings of the stack under test. */
export const settings = {
  system: "full",
  environment: "dev",
  images: "packages",
  monitoring: { scrapeInterval: "5s" },
  services: {
    gateway: { port },
    prometheus: { port: prometheusPort },
    alertmanager: { port: 19_093 },
  },
};

/** The stack under test; full.test.ts brings it up and takes it away. */
export const stack = new TestStack("e2e", settings);

/** Its API, through its gateway. */
export const rag = new Rag(port);

/** Asks its Prometheus. */
export async function prometheus<T>(path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/${path}`);
  const body = (await response.json()) as { status: string; data: T; error?: string };
  if (body.status !== "success") throw new Error(`${path}: ${body.error}`);
  return body.data;
}
