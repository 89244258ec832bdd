import { declaredBy, file, row, type Seed, stepsOf, test } from "./row.ts";

const system = "financerag";
const declared = declaredBy(system);
const steps = stepsOf(system);
const dockers = (name: string) => test("tests/systems/financerag.test.ts", name);
const folder = "systems/financerag";

export const financerag: Seed = {
  system,
  rows: [
    row("14-38", "exact versions everywhere", file("app/requirements.lock", "--hash=sha256:")),
    row(
      "75-98, 120-146",
      "a builder with compilers; an image with the environment, the documents and /app/data",
      dockers("answers from its mounted documents, and reads them again when they change"),
      declared("Python is 3.13"),
      declared("The folder with the documents is `documents`"),
    ),
    row(
      "141",
      "a health check with curl, every 30 s",
      dockers("the health check works although the image contains no curl and no compiler"),
      steps("curl -f http://localhost:8000/health || exit 1"),
      declared("The health check runs every 5 s"),
    ),
    row("145", "python main.py serve", steps("python main.py serve")),
    row("163-175", "an image of 300 MB", declared("The image is larger than 300 MB")),
    row(
      "183-200",
      "port 8000, data, documents that are read again, the key, the models, restart",
      dockers("runs under its own name, port, networks and volume, with its documents mounted read-only"),
      dockers("calls the provider with the system's models, and retries after 429 and 5xx"),
      test("tests/systems/financerag-seed.ts", "keeps uploaded documents when its container is recreated"),
      declared("The data is in a named volume"),
    ),
    row(
      "239-262",
      "the key at run time, from a variable or a .env file",
      dockers("has the key in no environment variable, label, log or clear text of the state"),
      steps("docker run -e OPENAI_API_KEY=$OPENAI_API_KEY ..."),
      declared("The key reaches the application as a file"),
      test("tests/unit/cli/env.test.ts", "become settings with the values that the settings accept"),
    ),
    row(
      "204-215, 265-288",
      "start, log, shell, stop, images, clean up",
      steps(
        "docker-compose up -d",
        "docker-compose logs -f financerag",
        "docker run -d -p 8000:8000 --name rag financerag:latest",
        "docker exec -it rag bash",
        "docker images",
        "docker-compose down",
      ),
      declared("The commands are Ragdock's"),
      file("cli/commands/down.ts", "prune"),
    ),
    row(
      "269",
      "plain docker build",
      file(`${folder}/Dockerfile`, "ARG PYTHON_IMAGE=python:"),
      test(
        "tests/unit/dockerfiles.test.ts",
        "has defaults for its arguments, and commands that build and run it",
      ),
      test("tests/slow/docker-build.test.ts", "is built and becomes healthy"),
    ),
    row("296-307", "what the build must not see", file(`${folder}/.dockerignore`)),
    row("309-336", "dependencies before code, pinned", file(`${folder}/Dockerfile`, "build-venv")),
    row(
      "347",
      "gunicorn with four workers",
      dockers("runs three replicas of four gunicorn workers over the Chroma server, without mounts"),
    ),
    row(
      "353-376",
      "Swarm and Kubernetes",
      declared("Replicas run as containers behind a gateway"),
      file("docs/guide/where-to-run.md", "Kubernetes"),
    ),
    row(
      "389-395",
      "secrets of Swarm, Kubernetes, Vault and AWS",
      declared("Secrets of Docker are a part of Swarm"),
    ),
    row(
      "397-403",
      "replicas, a load balancer, a shared vector database",
      dockers("runs three replicas of four gunicorn workers over the Chroma server, without mounts"),
      test("tests/unit/config/external.test.ts", "takes the place of the server"),
    ),
    row(
      "441",
      "observability and logging",
      test(
        "tests/unit/config/added-monitoring.test.ts",
        "the added Prometheus scrapes the services of the system and alerts on them",
      ),
      declared("Logs are JSON lines"),
    ),
  ],
};
