import { declaredBy, file, row, type Seed, stepsOf, test } from "./row.ts";

const system = "myrag";
const declared = declaredBy(system);
const steps = stepsOf(system);
const dockers = (name: string) => test("tests/systems/myrag.test.ts", name);
const ofSeed = (name: string) => test("tests/systems/myrag-seed.ts", name);
const targets = ofSeed(
  "has four targets that Prometheus scrapes every 15 s, with the API at its secret path",
);
const migrates = ofSeed("migrates before it serves, with one worker");
const api = "systems/myrag/api";

export const myrag: Seed = {
  system,
  rows: [
    row("9-32", "folders for the API, the pages and Docker's files", declared("The files of a service are")),
    row(
      "17-21",
      "an entrypoint.sh for the API and one for the pages",
      file(`${api}/entrypoint.sh`),
      declared("The pages have no entrypoint.sh"),
    ),
    row(
      "23, 117-126",
      "Prometheus scrapes four targets every 15 s",
      targets,
      steps("fastapi, node-exporter, prometheus, postgres"),
    ),
    row(
      "24-25, 46",
      "nginx passes port 80 on to the pages and the API",
      steps("nginx 80:80"),
      dockers("accepts documents and answers from them, through the gateway"),
    ),
    row(
      "26-31, 130-138",
      "one .env file per service",
      declared("There is no .env file per service"),
      test("tests/unit/cli/env.test.ts", "become settings with the values that the settings accept"),
    ),
    row(
      "44",
      "pages on 8501, after the API, with their source mounted",
      steps("streamlit 8501:8501"),
      dockers("shows an edit of the page at once"),
      dockers("opens the port of the pages next to the gateway, and has the alias of the settings"),
      declared("The ports 8501 and 8000 are closed"),
    ),
    row(
      "45",
      "API on 8000, after a healthy database",
      ofSeed("starts the database first, then the API, which migrates, then the pages and the gateway"),
      declared("The ports 8501 and 8000 are closed"),
    ),
    row("47", "database on 5432 with a health check", steps("pgvector 5432:5432")),
    row(
      "48, 50, 51",
      "Prometheus on 9090, exporters on 9100 and 9187",
      steps("prometheus 9090:9090", "node-exporter 9100:9100", "postgres-exporter 9187:9187"),
    ),
    row(
      "49",
      "Grafana on 3000 with dashboards",
      test("tests/unit/monitoring/dashboards.test.ts", "renders the four dashboards"),
      declared("Grafana is in no package"),
    ),
    row(
      "55",
      "one network on which services find each other by name",
      steps("`streamlit` talks to `fastapi`"),
      dockers("connects its services as declared, and no others"),
      declared("Services share a network only with"),
    ),
    row(
      "57",
      "four named volumes",
      dockers("runs under its own names, on its own networks, with its own volumes"),
    ),
    row("58", "source mounts for development", dockers("shows an edit of the page at once")),
    row("68", "uv's image as the base", declared("The base image is python:3.13-slim-trixie")),
    row(
      "69",
      "compilers and libxml2 for lxml",
      test("tests/unit/config/container-settings.test.ts", "reach the image and all services that use it"),
      declared("lxml is not compiled"),
    ),
    row("70", "uv installs the requirements", file("app/build-venv", "uv pip install --constraints")),
    row("71, 84-88", "settings of Alembic", file(`${api}/alembic.ini`, "script_location")),
    row(
      "90-93",
      "the address of the database, with its names",
      test(`${api}/tests/test_api.py`, "test_the_password_is_not_in_the_address"),
      steps("postgresql://postgres:postgres_passwrod@pgvector:5432/myrag"),
      declared("alembic.ini has no address"),
      declared("The API logs in as"),
    ),
    row("72", "uvicorn with one worker", migrates),
    row("78-82", "migrate, then become the server", migrates, steps("alembic upgrade head")),
    row(
      "112-113",
      "options of Streamlit",
      steps("streamlit run app.py"),
      declared("The pages have no entrypoint.sh"),
    ),
    row(
      "123",
      "a path of the metrics that no one guesses",
      dockers("the metrics path is generated per stack, and the gateway does not route to metrics"),
      test(`${api}/tests/test_api.py`, "test_metrics_are_only_at_the_secret_path"),
    ),
    row("126", "Prometheus scrapes the exporter of PostgreSQL", targets),
  ],
};
