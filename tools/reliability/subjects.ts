import { full as fullSettings, port, type Services, type Settings } from "../bench/checkout.ts";
import { type BadRevision, badRevisions, silent } from "./bad-revisions.ts";
import {
  type Change,
  dashboard,
  image,
  replicas,
  rotated,
  route,
  scrapeInterval,
  setting,
} from "./changes.ts";
import { clockJumps } from "./clock.ts";
import { gone, hangs, outOfMemory, portTaken, removed, twice } from "./faults.ts";
import type { Fault } from "./world.ts";

/** A system under test: its stack and the cases of a run. */
export interface Subject {
  readonly settings: Settings;
  readonly changes: readonly Change[];
  readonly badRevisions: readonly BadRevision[];
  /** Faults in addition to a kill of every container. */
  readonly faults: readonly Fault[];
  /** Settings of the API, which differ in each round. */
  readonly changing: (round: number) => Services;
}

const level = (round: number): string => (round % 2 === 0 ? "WARNING" : "ERROR");
const fullChanging = (round: number) => ({ api: { environment: { RAG_LOG_LEVEL: level(round) } } });
const myragChanging = (round: number) => ({ fastapi: { environment: { ROUND: String(round) } } });

/** The name of a system under test. */
export type SubjectName = "full" | "myrag" | "full-prod";

const full: Subject = {
  settings: fullSettings,
  changes: [
    image("app/ragapp/__init__.py"),
    setting(fullChanging),
    replicas("api"),
    route("config/systems/full.ts", '{ path: "/api/", service: "api", port: 8000 },'),
    rotated("postgres"),
    rotated("redis"),
    dashboard,
    scrapeInterval,
  ],
  badRevisions: [
    ...badRevisions("api", "app/ragapp/api/server.py", {
      api: { environment: { RAG_DATABASE_HOST: "nowhere" } },
    }),
    silent(
      [
        "app/ragapp/api/health.py",
        "\n\ndef wait_for_stores(services: object) -> None:\n    pass\n\n\nrouter.routes.clear()\n",
      ],
      /api says it is not healthy/,
    ),
    {
      name: "migration that fails",
      settings: { migrate: { environment: { RAG_DATABASE_NAME: "nowhere" } } },
      told: /The job "migrate" ended with exit code \d+/,
    },
  ],
  faults: [
    outOfMemory("worker"),
    ...["redis", "postgres"].flatMap((service) => [gone(service), hangs(service)]),
    removed("api"),
    portTaken,
    twice(fullChanging(1)),
    clockJumps,
  ],
  changing: fullChanging,
};

/**
 * The systems under test. They have the same routes, so the same traffic can be used. `full-prod`
 * has TLS, a sign-in and two gateways.
 */
export const subjects: Readonly<Record<SubjectName, Subject>> = {
  full,
  myrag: {
    settings: {
      system: "myrag",
      environment: "dev",
      services: {
        nginx: { port },
        prometheus: { port: 29_090 },
        pgvector: { port: 25_432 },
        "node-exporter": { port: 29_100 },
        "postgres-exporter": { port: 29_187 },
      },
    },
    changes: [
      image("systems/myrag/api/myrag/__init__.py"),
      setting(myragChanging),
      replicas("fastapi"),
      route("config/systems/myrag.ts", '{ path: "/api/", service: "fastapi", port: 8000 },'),
      rotated("pgvector"),
      rotated("metrics-path"),
      scrapeInterval,
    ],
    badRevisions: [
      ...badRevisions("fastapi", "systems/myrag/api/myrag/app.py", {
        fastapi: { environment: { POSTGRES_HOST: "nowhere" } },
      }),
      silent(["systems/myrag/api/myrag/app.py", "\nhealth.routes.clear()\n"], /HTTP Error 404: Not Found/),
    ],
    faults: [
      outOfMemory("fastapi"),
      gone("pgvector"),
      hangs("pgvector"),
      removed("fastapi"),
      portTaken,
      twice(myragChanging(1)),
    ],
    changing: myragChanging,
  },
  "full-prod": {
    ...full,
    settings: {
      system: "full",
      environment: "prod",
      services: { gateway: { port } },
      ingress: {
        ...{ domain: "rag.example.org", tls: "internal", signIn: { users: true } },
        // One key sends all requests.
        limits: { requests: 1_000_000, questions: 1_000_000, uploads: 1_000_000 },
      },
    },
  },
};
