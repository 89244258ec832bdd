import type { MonitoringOptions } from "../../../monitoring/index.ts";
import { facts, systemWith } from "../../support/program.ts";

/**
 * `full` with everything that monitoring supports: two replicas of the API, one worker, all three
 * stores, TLS and a sign-in.
 */
export const { services } = systemWith({
  environment: "prod",
  vectorStore: "chroma",
  ingress: { domain: "rag.example.org", tls: "internal", signIn: { users: true } },
  services: {
    api: { replicas: 2, limits: { memory: "512MiB" } },
    auth: { replicas: 1 },
    cadvisor: { enabled: true },
    worker: { replicas: 1, limits: { memory: "1GiB" } },
  },
});

/** A system with one service and without monitoring. */
export const lone = services.filter(({ name }) => name === "ui");

/** The monitoring options of the example. */
export const options: MonitoringOptions = {
  project: facts.project,
  stack: facts.stack,
  target: "engine",
  scrapeInterval: "15s",
  alertWebhook: { url: "http://hook.example/alerts" },
};
