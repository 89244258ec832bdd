import type { MonitoringOptions } from "../../../monitoring/index.ts";
import { facts, open, systemWith } from "../../support/program.ts";

/**
 * `full` with everything that monitoring supports: two replicas of the API, one worker, all three
 * stores and TLS.
 */
export const { services } = systemWith({
  environment: "prod",
  vectorStore: "chroma",
  ingress: { ...open, tls: "internal" },
  services: {
    api: { replicas: 2, limits: { memory: "512MiB" } },
    worker: { replicas: 1, limits: { memory: "1GiB" } },
  },
});

/** A system with one service and without monitoring. */
export const lone = services.filter(({ name }) => name === "ui");

/** The monitoring options of the example. */
export const options: MonitoringOptions = {
  project: facts.project,
  stack: facts.stack,
  scrapeInterval: "15s",
  alertWebhookUrl: "http://hook.example/alerts",
};
