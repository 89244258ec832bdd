/**
 * Tests the conditions under which data is copied. tests/systems/import-data.test.ts copies data
 * with Docker.
 */
import { describe, expect, it } from "vitest";
import { missingText } from "../../../../cli/import/data/adopt.ts";
import { postgresRefusal, redisRefusal } from "../../../../cli/import/data/refusals.ts";
import { projectName, sourcesOf } from "../../../../cli/import/data/sources.ts";
import { worldOf } from "../../../../cli/import/survey.ts";
import { stackOf } from "../../../../cli/import/write/stack.ts";
import { projectOf } from "./project.ts";

const compose = `name: My Papers
services:
  web:
    image: a/web:1
    ports: ["80:80"]
    volumes: ["uploads:/uploads", "./data:/data", "shared:/shared"]
  worker: {image: "a/web:1", volumes: ["shared:/shared"]}
  db: {image: "postgres:17", volumes: ["db:/var/lib/postgresql/data"]}
  mysql: {image: "mysql:8", volumes: ["sql:/var/lib/mysql"], environment: {MYSQL_ROOT_PASSWORD: hunter22}}
volumes: {uploads: {external: true}, shared: {name: fixed}}
`;

describe("the data of a project", () => {
  const read = () => {
    const project = projectOf({ "compose.yaml": compose });
    return { project, stack: stackOf(worldOf(project)) };
  };

  it("is in the volumes and folders that Compose uses", () => {
    const { project, stack } = read();
    const found = sourcesOf(project, stack.existing).map(({ source, volume }) => [source, volume]);
    expect(found).toEqual([
      ["uploads", "uploads"],
      [`${project.folder}/data`, "web-data"],
      ["fixed", "shared"],
      ["mypapers_sql", "sql"],
      ["mypapers_db", "postgres-data"],
    ]);
  });

  it("keeps its passwords", () => {
    expect(read().stack.todos.map(({ service, text }) => [service, text])).toContainEqual([
      "mysql",
      expect.stringContaining("write ask in place of generate for MYSQL_ROOT_PASSWORD"),
    ]);
  });

  it.each([
    [{ COMPOSE_PROJECT_NAME: "other" }, compose, "other"],
    [{}, compose, "mypapers"],
    [{}, "services: {}", expect.stringMatching(/^ragdock-import-\w+$/)],
  ])("belongs to the project that %j names", (environment, text, expected) => {
    expect(projectName(projectOf({ "compose.yaml": text }, environment))).toEqual(expected);
  });
});

it("names the volumes that Docker does not have, and explains how to set another project name", () => {
  const project = projectOf({ "compose.yaml": compose });
  expect(missingText(project, ["mypapers_db"], "STACK=papers")).toBe(
    "Not copied, because Docker has no such volume: mypapers_db. `docker volume ls` shows the names of volumes. " +
      "If the project had a different name than mypapers, set COMPOSE_PROJECT_NAME and run the same command again. " +
      "If the project never had data, start the stack: make up STACK=papers",
  );
});

describe("PostgreSQL", () => {
  const database = (keys: string) => {
    const [service] = projectOf({ "compose.yaml": `services: {db: {${keys}}}` }).services;
    if (!service) throw new Error("the project has no service");
    return service;
  };
  const own = () => database("image: 'postgres:17', environment: {POSTGRES_USER: rag, POSTGRES_DB: rag}");
  const target = { version: "17", file: "/app/compose.yaml", on: "STACK=papers CONFIG_FILE=x.yaml" };
  const found = (version: string, folder = ".") => ({ appendOnly: false, postgres: { version, folder } });

  it("of the same version, layout and database is copied", () => {
    expect(postgresRefusal(own(), found("17"), target)).toBeUndefined();
    expect(postgresRefusal(own(), found("18", "18/docker"), { ...target, version: "18" })).toBeUndefined();
  });

  it.each([
    [own, found("16"), "The data belongs to PostgreSQL 16, and the stack runs 17."],
    [own, found("17", "data"), "The data is in the folder data, and the stack's PostgreSQL uses .."],
    [own, { appendOnly: false }, "The volume has no data of PostgreSQL in the folder that its image uses."],
    [
      () => database("image: 'postgres:17-alpine', environment: {POSTGRES_DB: rag}"),
      found("17"),
      "The image is based on Alpine, which sorts text differently from the stack's image.",
    ],
    [
      () => database("image: 'postgres:17', environment: {POSTGRES_DB: papers}"),
      found("17"),
      "The database is called papers, and the stack's database is called rag.",
    ],
  ])("else is refused: %#", (service, look, why) => {
    expect(postgresRefusal(service(), look, target)?.why).toBe(why);
  });

  it("that is refused is reported with the commands for a dump", () => {
    expect(postgresRefusal(own(), found("16"), target)?.commands).toEqual([
      "docker compose -f /app/compose.yaml up -d --wait db",
      "docker compose -f /app/compose.yaml exec -T db pg_dump --no-owner --no-acl --no-comments -U rag rag > dump.sql",
      "docker compose -f /app/compose.yaml stop",
      "make up STACK=papers CONFIG_FILE=x.yaml",
      "make psql STACK=papers CONFIG_FILE=x.yaml < dump.sql",
    ]);
  });

  it("and Redis are refused without the files that they start from", () => {
    expect(redisRefusal(own(), { appendOnly: true }, target)).toBeUndefined();
    expect(redisRefusal(own(), { appendOnly: false }, target)?.commands[1]).toBe(
      "docker compose -f /app/compose.yaml exec db redis-cli CONFIG SET appendonly yes",
    );
  });
});
