import type { ComposeProject } from "../../../../cli/import/read.ts";
import { worldOf } from "../../../../cli/import/survey.ts";
import { problemsOf } from "../../../../cli/import/write/problems.ts";
import { settingsText } from "../../../../cli/import/write/settings-file.ts";
import { stackOf, type WrittenStack } from "../../../../cli/import/write/stack.ts";
import { projectOf } from "./project.ts";

type Apps = Record<string, Record<string, unknown>>;

export interface Written extends WrittenStack {
  readonly apps: Apps;
  readonly services: Record<string, Record<string, unknown>>;
  readonly text: string;
  readonly problems: readonly string[];
}

/** Writes the stack of a Compose file. */
export function written(
  compose: string,
  files: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {},
): Written {
  return writtenOf(projectOf({ "compose.yaml": compose, ...files }, environment));
}

export function writtenOf(project: ComposeProject): Written {
  const stack = stackOf(worldOf(project));
  const text = settingsText(project, stack);
  const { apps, services = {} } = stack.settings as { apps: Apps; services?: Apps };
  return { ...stack, apps, services, text, problems: problemsOf(text, "test", stack.asked) };
}

/** Writes the stack of one application with these keys. */
export const app = (keys: string, more = "", files: Readonly<Record<string, string>> = {}): Written =>
  written(`services:\n  web: {image: "a/web:1", ports: ["3000:80"], ${keys}}\n${more}`, files);

/** A RAG service: a web application, its worker and migration, and their stores. */
export const rag = {
  compose: `services:
  web:
    build: {context: ./api, args: {FLAVOUR: small}}
    ports: ["8000:5000"]
    environment:
      DATABASE_URL: postgresql+asyncpg://rag:hunter22@db:5432/papers?ssl=disable
      REDIS_URL: redis://cache:6379/1
      JWT_SECRET: hunter23
      OPENAI_API_KEY: \${OPENAI_API_KEY}
      LANGSMITH_API_KEY: \${LANGSMITH_API_KEY:-}
      VECTOR_STORE: qdrant
      QDRANT_URL: http://qdrant_db:6333
    depends_on: {db: {condition: service_healthy}}
    healthcheck: {test: curl -f http://localhost:5000/health || exit 1, interval: 1m30s, start_period: 2m}
    volumes: ["uploads:/srv/uploads"]
  worker:
    build: {context: ./api, args: {FLAVOUR: small}}
    command: celery -A tasks worker
    environment: {POSTGRES_HOST: db, POSTGRES_USER: rag, POSTGRES_PASSWORD: hunter22, POSTGRES_DB: papers}
    volumes: ["uploads:/srv/uploads"]
    deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 2g}}}
  migrate:
    build: {context: ./api, args: {FLAVOUR: small}}
    command: alembic upgrade head
  db:
    image: pgvector/pgvector:pg18
    environment: {POSTGRES_USER: rag, POSTGRES_PASSWORD: hunter22, POSTGRES_DB: papers}
    volumes: ["db:/var/lib/postgresql", "./init.sql:/docker-entrypoint-initdb.d/init.sql"]
  cache: {image: "redis:7"}
  qdrant_db: {image: "qdrant/qdrant:v1.12"}
  migrated:
    image: a/tool:1
    depends_on: {migrate: {condition: service_completed_successfully}}
`,
  files: { "api/Dockerfile": "FROM python\n", "init.sql": "select 1;\n" },
};
