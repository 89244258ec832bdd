import { declaredBy, file, row, type Seed, stepsOf, test } from "./row.ts";

const system = "rag-events";
const declared = declaredBy(system);
const steps = stepsOf(system);
const dockers = (name: string) => test("tests/systems/rag-events.test.ts", name);
const prods = (name: string) => test("tests/systems/rag-events-prod.ts", name);
const folder = "systems/rag-events";

export const ragEvents: Seed = {
  system,
  rows: [
    row(
      "41-71",
      "layers: dependencies before code",
      file(`${folder}/Dockerfile`, "COPY rag_events rag_events"),
    ),
    row(
      "75-89",
      "several services, data on a volume",
      dockers("keeps its index when its container is recreated"),
      declared("The data is in a named volume"),
    ),
    row(
      "97-112",
      "the same on Linux, macOS and Windows",
      file("README.md"),
      declared("macOS and Windows run Docker in a virtual machine"),
    ),
    row(
      "114-119",
      "one command starts it",
      steps("/health → 200 OK", "http://localhost:8501"),
      dockers("runs under its own names, ports, networks and volume, and starts the UI after the API"),
      declared("The commands are Ragdock's"),
    ),
    row(
      "121-124",
      "several instances behind a load balancer",
      prods("starts with its key: two replicas behind a gateway, and no other published port"),
    ),
    row(
      "135-142",
      "FAISS, Mistral, FastAPI, Streamlit; keys of Mistral and Open Agenda",
      prods("calls the provider in batches with the system's models, and retries after 429 and 5xx"),
      test(`${folder}/tests/test_collect.py`, "test_events_of_all_pages_are_indexed"),
      test(
        "tests/slow/agenda.test.ts",
        "collects all pages with the right key, and tries again after 500 and 429",
      ),
      declared("The keys reach the application as files"),
    ),
    row(
      "150-156",
      "Dockerfile, Compose file, .dockerignore",
      file(`${folder}/Dockerfile`),
      file(`${folder}/.dockerignore`),
      file("cli/commands/compose.ts"),
    ),
    row(
      "160-228",
      "three stages, the last one is `production`",
      dockers("is one image of three stages, with entrypoint modes and without build tools"),
    ),
    row("167", "Python 3.11", declared("Python is 3.13")),
    row(
      "169-190",
      "variables of Python and pip, curl",
      declared("The image writes bytecode"),
      declared("The image has no curl"),
    ),
    row(
      "198",
      "uv installs from uv.lock",
      declared("Libraries are installed by uv"),
      declared("The API extra and the UI"),
    ),
    row("217-221", "folders for raw, processed and indexed data", declared("The volume has documents/")),
    row(
      "232-258",
      "the entrypoint takes api, streamlit or a command",
      steps(
        "docker run -p 8000:8000 --env-file .env -v $(pwd)/data:/app/data rag-events",
        "docker run -p 8501:8501 --env-file .env -v $(pwd)/data:/app/data rag-events streamlit",
        "docker run rag-events <commande>",
      ),
      test(`${folder}/tests/test_modes.py`, "test_the_entrypoint_runs_the_mode_or_the_command"),
    ),
    row(
      "263-269",
      "a health check in the image, and a restart or an alert after three failures",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell, as in the seed.
      steps("curl -f http://localhost:${API_PORT}/health || exit 1"),
      test("tests/unit/dockerfiles.test.ts", "has the health check of its service"),
      dockers("Docker does not restart an unhealthy container, so health reports it and an alert fires"),
      test(
        "tests/slow/recovery.test.ts",
        "is restarted with a read-only root and a rare check, and no more often than its limit",
      ),
      declared("The image has no curl"),
    ),
    row(
      "304-327",
      "port 8000, the keys, the models, restart",
      prods("is refused without its key, with one line that sets it"),
      prods("rebuilds the index for both replicas, only with the right key"),
    ),
    row("317, 325", "./data of the host", declared("The data is in a named volume")),
    row(
      "331-344",
      "the UI on 8501, after a healthy API",
      dockers("runs under its own names, ports, networks and volume, and starts the UI after the API"),
      dockers("the UI of the same image has a different health check, and is healthy"),
    ),
    row(
      "348-356",
      "an isolated network",
      steps("http://api:8000"),
      dockers("connects its services as declared, and no others"),
      declared("The network has the name of the services on it"),
    ),
    row("358-371", "what the build must not see", file(`${folder}/.dockerignore`)),
    row(
      "379-385",
      "plain docker build and docker run",
      steps(
        "docker run -p 8000:8000 --env-file .env -v $(pwd)/data:/app/data rag-events",
        "docker run -p 8501:8501 --env-file .env -v $(pwd)/data:/app/data rag-events streamlit",
      ),
      file(`${folder}/Dockerfile`, "ARG PYTHON_IMAGE=python:"),
      test(
        "tests/unit/dockerfiles.test.ts",
        "has defaults for its arguments, and commands that build and run it",
      ),
      test("tests/slow/docker-build.test.ts", "is built and becomes healthy"),
    ),
    row(
      "391-392",
      "start one service",
      steps("docker-compose up api"),
      test(
        "tests/unit/cli/selection.test.ts",
        "are the containers, networks, volumes, secrets and images of its services",
      ),
      declared("The commands are Ragdock's"),
    ),
    row(
      "399-408",
      "log, list, shell and health of a container",
      steps(
        "docker-compose logs -f",
        "docker-compose ps",
        "docker exec -it rag-events-api /bin/bash",
        "docker inspect --format='{{.State.Health.Status}}' rag-events-api",
      ),
      declared("The commands are Ragdock's"),
      test(
        "tests/e2e/full/health.test.ts",
        "ends with 0 when nothing is wrong, and says what it has checked",
      ),
    ),
    row(
      "415-421",
      "stop, remove the data, remove images",
      dockers("keeps its list of deployments after down, although it has no generated secret"),
      steps("docker-compose down -v"),
      declared("The commands are Ragdock's"),
      file("cli/commands/down.ts", "prune"),
    ),
    row(
      "431-433",
      "collect the data in notebooks, or bring a folder",
      test(`${folder}/tests/test_collect.py`, "test_events_of_all_pages_are_indexed"),
      dockers("has the collector of events in its image, which names what it needs"),
      declared("There are no notebooks"),
      test("tests/unit/cli/data-import.test.ts", "is by default the only volume of a service"),
      test("tests/unit/cli/data-import.test.ts", "gets that user in the archive"),
    ),
    row(
      "448",
      "Swagger at /docs",
      steps("http://localhost:8000/docs (Swagger)", "http://localhost:8501"),
      test("app/library/tests/test_library.py", "test_the_page_of_the_api_loads_nothing_of_other_sites"),
    ),
    row(
      "456-465",
      "good practice: stages, cache, no secrets, checks, restart, volumes",
      dockers("is one image of three stages, with entrypoint modes and without build tools"),
      prods("has no key in an environment variable, label, log or clear text of the state"),
      test(
        "tests/images/paced-check.test.ts",
        "is restarted, waits longer for the next restart, and stays as it is after the last one",
      ),
    ),
  ],
};
