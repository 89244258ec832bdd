/**
 * The steps of the seed mnemolite on a running stack, under the headings of the seed. They do not run
 * `make clean` and `make prune`, which would remove the images of other tests.
 */
import { describe, expect } from "vitest";
import { inside } from "../support/observe.ts";
import { systemWith } from "../support/program.ts";
import { docker, type TestStack } from "../support/stack.ts";
import { containerOf, curl, logsOf, make, type Seeded, stepsOf } from "./seed.ts";

const step = stepsOf("mnemolite");
const commands = "There is no docker-compose.yml to write";
const names = "Containers have generated names";
const noCurl = "The images have no curl";
const applications = ["db", "chromadb", "api", "worker"];

/** The steps that check a stack, in dev and in prod. */
export function describeSeed({ stack, environment, port }: Seeded): void {
  describe("seed mnemolite: Vérification de l'installation", () => {
    step("make status", async () => {
      const { code, output } = await make(stack, "status");
      expect(code, output).toBe(0);
      for (const service of applications) expect(output).toMatch(new RegExp(`^${service} +healthy`, "m"));
    });

    step("make logs", () => logsOf(stack, stack.target("logs"), ...applications));

    step(
      "make health",
      async () => {
        const [text, json] = [await make(stack, "health"), await make(stack, "health", ["JSON=1"])];
        expect(text.output).toMatch(/All \d+ containers are healthy\./);
        expect(JSON.parse(json.output.slice(json.output.indexOf("{")))).toMatchObject({ healthy: true });
        expect([text.code, json.code]).toEqual([0, 0]);
      },
      "`make health` explains",
    );

    step("curl http://localhost:8001/health", async () => {
      expect(systemWith({ system: "mnemolite", environment }).urls.api).toBe("http://localhost:8001");
      const answer = await fetch(`http://localhost:${port}/health`);
      expect(answer.status).toBe(200);
      const { dependencies } = (await answer.json()) as { dependencies: { name: string; ok: boolean }[] };
      expect(dependencies).toEqual([
        expect.objectContaining({ name: "database", ok: true }),
        expect.objectContaining({ name: "chroma", ok: true }),
      ]);
    });
  });

  describe("seed mnemolite: Healthchecks et observabilité", () => {
    step("pg_isready -U $${POSTGRES_USER} -d $${POSTGRES_DB}", async () => {
      const { code, output } = await inside(stack, "db", "pg_isready", "-U", "mnemo", "-d", "mnemolite");
      expect([code, output]).toEqual([0, expect.stringContaining("accepting connections")]);
    });

    step(
      "curl -f http://localhost:8000/api/v1/heartbeat",
      async () => {
        const { output } = await inside(stack, "api", ...curl("http://chromadb:8000/api/v2/heartbeat"));
        expect(output).toMatch(/^200 .*nanosecond heartbeat/);
      },
      "Chroma is chromadb/chroma 1.5",
      noCurl,
    );

    step(
      "curl -f http://localhost:8000/health",
      async () => {
        const { output } = await inside(stack, "api", ...curl("http://localhost:8000/health"));
        expect(output).toMatch(/^200 .*"ok"/);
      },
      noCurl,
    );

    step(
      "ps aux | grep ingestion.py | grep -v grep || exit 1",
      async () => {
        const processes = await docker("top", await stack.container("worker"), "-eo", "pid,args");
        expect(processes).toMatch(/python3? .*ingestion\.py$/m);
        expect((await inside(stack, "worker", "python", "ingestion.py", "--probe")).code).toBe(0);
      },
      "The worker's health check",
    );
  });

  describe("seed mnemolite: Commandes utiles", () => {
    step(
      "docker stats $(docker ps --format={{.Names}})",
      async () => {
        const ours = ["--filter", `label=ragdock.stack=${stack.name}`];
        const running = (await docker("ps", "--format={{.Names}}", ...ours)).trim().split("\n");
        const format = "{{.Name}} {{.CPUPerc}} {{.MemUsage}}";
        const rows = await docker("stats", "--no-stream", "--format", format, ...running);
        const limits = { db: "2GiB", chromadb: "1GiB", api: "512MiB", worker: "1GiB" };
        for (const [service, limit] of Object.entries(limits))
          expect(rows).toMatch(
            new RegExp(`^ragdock-${containerOf(stack, service)} [\\d.]+% .* / ${limit}$`, "m"),
          );
      },
      names,
    );

    step(
      "docker inspect <container-name>",
      async () => {
        const format =
          "{{.State.Health.Status}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.LogConfig.Type}}";
        for (const service of applications)
          expect((await docker("inspect", "-f", format, await stack.container(service))).trim()).toBe(
            "healthy unless-stopped json-file",
          );
      },
      names,
    );
  });
}

/** The other commands of the seed, which do not depend on the environment. */
export function describeMakefile(stack: TestStack): void {
  const shell = (name: string, input: string) => make(stack, name, [], input);

  describe("seed mnemolite: Makefile amélioré", () => {
    step(
      "docker-compose ps",
      async () => {
        const { output } = await make(stack, "ps");
        for (const service of applications)
          expect(output).toMatch(new RegExp(`\\(healthy\\).* ragdock-${containerOf(stack, service)}$`, "m"));
      },
      commands,
    );

    step(
      "docker-compose exec db psql -U $(POSTGRES_USER) -d $(POSTGRES_DB)",
      async () => {
        const query = "SELECT current_user || ' owns ' || current_database();\n";
        expect((await shell("shell-db", query)).output).toContain("mnemo owns mnemolite");
      },
      commands,
    );

    step(
      "docker-compose exec api bash",
      async () => {
        const { output } = await shell(
          "shell-api",
          "bash -c 'echo $BASH_VERSION, $UVICORN_WORKERS workers'\n",
        );
        expect(output).toMatch(/\d+\.\d+\S*, 2 workers/);
      },
      commands,
    );

    step(
      "docker-compose exec worker bash",
      async () => {
        const { output } = await shell("shell-worker", "bash -c 'echo $BASH_VERSION, $DATABASE_NAME'\n");
        expect(output).toMatch(/\d+\.\d+\S*, mnemolite/);
      },
      commands,
    );

    step(
      "docker-compose exec db psql -U $(POSTGRES_USER) -d $(POSTGRES_DB) -f /scripts/setup.sql",
      async () => {
        const setup = await docker("inspect", "-f", "{{.State.ExitCode}}", await stack.container("setup"));
        expect(setup.trim()).toBe("0");
        expect((await shell("shell-db", "SELECT count(*) AS memories FROM memories;\n")).output).toContain(
          "(1 row)",
        );
      },
      commands,
      "There is no folder /scripts",
      "`make setup` installs",
    );
  });

  describe("seed mnemolite: Commandes utiles, un service", () => {
    step(
      "docker-compose restart <service-name>",
      async () => {
        const { code, output } = await make(stack, "restart", ["SERVICE=worker"]);
        expect(code, output).toBe(0);
        expect(output).toMatch(/^worker restarted, healthy after/m);
        expect(output).not.toMatch(/^api restarted/m);
      },
      commands,
    );

    step(
      "docker-compose logs -f <service-name>",
      async () => {
        const output = await logsOf(stack, stack.target("logs", ["SERVICE=api"]), "api");
        expect(output).not.toMatch(/-worker-\w+ \|/);
      },
      commands,
    );

    step(
      "docker-compose exec <service-name> <command>",
      async () => {
        const run = ["SERVICE=worker", "COMMAND=python --version"];
        expect((await make(stack, "exec", run)).output).toMatch(/^Python 3\.13\./m);
      },
      commands,
      "Python is 3.13",
    );
  });
}

/** The step that ends a stack. */
export function describeEnd(stack: TestStack): void {
  describe("seed mnemolite: Makefile amélioré, à la fin", () => {
    step(
      "docker-compose down",
      async () => {
        expect(await stack.make("down")).toMatchObject({ code: 0 });
        expect(await stack.containers()).toEqual([]);
        const kept = ["postgres_data", "chroma_data", "api_cache", "worker_data"];
        expect(await stack.volumes()).toEqual(kept.map((name) => `ragdock-${stack.name}-${name}`).sort());
      },
      commands,
    );
  });
}
