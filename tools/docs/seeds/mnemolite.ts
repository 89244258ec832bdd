import { declaredBy, file, row, type Seed, stepsOf, test } from "./row.ts";

const system = "mnemolite";
const declared = declaredBy(system);
const steps = stepsOf(system);
const dockers = (name: string) => test("tests/systems/mnemolite.test.ts", name);
const traps = (name: string) => test("tests/systems/mnemolite-traps.ts", name);
const folder = "systems/mnemolite";
const named = dockers("runs under its own names, ports, networks and volumes");
const tuned = dockers("runs a tuned PostgreSQL 17 with checksums, extensions, partitions and jobs");
const troubles = "docs/guide/troubleshooting.md";

export const mnemolite: Seed = {
  system,
  rows: [
    row("14-18, 226-232", "logs of 10 MB, three files", named),
    row("21-33", "PostgreSQL 17 with a user, a restart and limits", named),
    row("23, 69, 100, 140", "container names mnemo-…", named, declared("Containers have generated names")),
    row(
      "33-37",
      "user mnemo, database mnemolite, checksums",
      dockers("has the database and the owner of the original"),
      tuned,
      declared("Clients log in as rag_"),
    ),
    row(
      "39-41",
      "init SQL, and scripts on /scripts",
      declared("The init SQL comes as read-only files"),
      declared("There is no folder /scripts"),
    ),
    row("43, 79, 112", "ports on loopback only", named),
    row("45-49", "pg_isready every 5 s", named, steps("pg_isready -U $${POSTGRES_USER} -d $${POSTGRES_DB}")),
    row(
      "51-59",
      "pg_cron, pg_partman, pgmq, memory, parallel workers",
      tuned,
      dockers("has the queue functions of pgmq, for its client"),
      declared("pgmq"),
      declared("pg_partman's own worker"),
    ),
    row("60", "1 GB of shared memory", named),
    row("62-64", "the alias database", named),
    row(
      "67-92",
      "Chroma with its data, its heartbeat and limits",
      traps("Chroma's health check requests its v2 heartbeat, without curl"),
      steps("curl -f http://localhost:8000/api/v1/heartbeat"),
      declared("Chroma is chromadb/chroma 1.5"),
    ),
    row("94-131 (build)", "an inline cache in the image", declared("The images are built with the cache")),
    row(
      "94-131 (run)",
      "API with configuration, cache, two workers, uvloop, addresses of the stores",
      dockers("starts both stores, then the setup, then API and worker, and the API has two workers"),
      test(`${folder}/tests/test_api.py`, "test_the_variables_of_the_original_are_read"),
      steps("curl -f http://localhost:8000/health"),
      declared("The images have no curl"),
      declared("No variable has the password"),
      declared("Health checks run every 5 s"),
    ),
    row(
      "133-164",
      "worker with configuration, data, a check and limits",
      traps("the worker's health check fails if the worker does not respond"),
      steps("ps aux | grep ingestion.py | grep -v grep || exit 1"),
      declared("The worker's health check"),
    ),
    row(
      "166-169",
      "a network for the front, an internal one for the stores",
      dockers("lets worker and API reach the stores, and nothing outside"),
    ),
    row(
      "245-313",
      "one image for the API, one for the worker, on Python 3.12",
      declared("API and worker are one image"),
      declared("Python is 3.13"),
    ),
    row("317-339", "limits as variables", test("tests/unit/config/overrides.test.ts", "ignores no setting")),
    row(
      "344-400 (make)",
      "up, down, build, logs, ps, restart, prune, status",
      steps(
        "docker-compose ps",
        "make logs",
        "make status",
        "docker-compose restart <service-name>",
        "docker-compose down",
      ),
      file("docs/reference/commands.md"),
      declared("There is no docker-compose.yml to write"),
    ),
    row(
      "344-400 (shells)",
      "shell-db, shell-api, shell-worker",
      steps(
        "docker-compose exec db psql -U $(POSTGRES_USER) -d $(POSTGRES_DB)",
        "docker-compose exec api bash",
        "docker-compose exec worker bash",
      ),
      file("Makefile", "shell-worker:"),
      file("Makefile", "shell-db:"),
      file("Makefile", "shell-api:"),
    ),
    row("344-400 (clean)", "clean removes the volumes", declared("`make clean` keeps the data")),
    row(
      "344-400 (health)",
      "health, setup, production",
      steps(
        "make health",
        "docker-compose exec db psql -U $(POSTGRES_USER) -d $(POSTGRES_DB) -f /scripts/setup.sql",
      ),
      declared("`make setup` installs"),
      declared("`make health` explains"),
      file("Makefile", "production:"),
    ),
    row(
      "404-431",
      "stages, no root, isolation, read-only mounts, limits",
      named,
      dockers("has an image without build tools"),
    ),
    row(
      "439-441",
      "load tests show whether the limits fit",
      test(
        "tests/unit/cli/load.test.ts",
        "names what reached its limit first, and the setting that raises it",
      ),
    ),
    row(
      "443-445",
      "a wrong health check must not restart what works",
      test(
        "tests/images/paced-check.test.ts",
        "is restarted, waits longer for the next restart, and stays as it is after the last one",
      ),
    ),
    row(
      "447-448",
      "PostgreSQL's settings follow the machine",
      test(
        "tests/unit/config/database-names.test.ts",
        "has the settings of the original at its memory limit, and other settings at another limit",
      ),
    ),
    row(
      "450-452",
      "watch logs and volumes, update images",
      file("renovate.json", "The images of the catalogue"),
      file("cli/commands/status.ts", "size of volumes"),
      file("monitoring/alerts/resources.ts", "VolumeFillsDisk"),
      file("monitoring/alerts/resources.ts", "LogsMayFillDisk"),
    ),
    row(
      "458-462",
      "Docker 24, Compose 2.20, 4 GB of memory, 30 GB of disk",
      declared("Docker 20.10 is enough"),
      test("tests/unit/host/host-facts.test.ts", "come from Docker, which may run in a virtual machine"),
    ),
    row(
      "466-492",
      "clone, write .env and folders, make setup",
      declared("There is no docker-compose.yml to write"),
    ),
    row(
      "497-514",
      "status, logs, health",
      steps("make status", "make logs", "make health", "curl http://localhost:8001/health"),
      test(
        "tests/unit/cli/health.test.ts",
        "is denied for a 200 that names a dependency that does not answer, as in mnemolite",
      ),
    ),
    row(
      "520-535",
      "CPU and memory, one restart, one log, one command inside, inspect",
      steps(
        "docker stats $(docker ps --format={{.Names}})",
        "docker-compose restart <service-name>",
        "docker-compose logs -f <service-name>",
        "docker-compose exec <service-name> <command>",
        "docker inspect <container-name>",
      ),
      declared("Containers have generated names"),
    ),
    row(
      "537-557",
      "PostgreSQL does not start, the API has no database, Chroma forgets, all is slow",
      file(troubles, "| PostgreSQL does not start |"),
      file(troubles, "| the API cannot reach the database |"),
      file(troubles, "| Chroma has lost its data |"),
      file(troubles, "| everything is slow |"),
    ),
    row(
      "215, 404",
      "observability",
      test(
        "tests/unit/config/added-monitoring.test.ts",
        "the added Prometheus scrapes the services of the system and alerts on them",
      ),
      declared("By default, no monitoring service watches it"),
    ),
  ],
};
