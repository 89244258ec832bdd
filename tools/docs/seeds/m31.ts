import { declaredBy, file, row, type Seed, stepsOf, test } from "./row.ts";

const system = "m31";
const declared = declaredBy(system);
const steps = stepsOf(system);
const dockers = (name: string) => test("tests/systems/m31.test.ts", name);
const commands = (name: string) => test("tests/systems/m31-commands.ts", name);
const built = (name: string) => test("tests/unit/cli/net-and-push.test.ts", name);
const pushes = built("pushes each built image once, by default for all services");
const noCache = built("build --no-cache makes an image after those that it is built on");
const troubles = "docs/guide/troubleshooting.md";

export const m31: Seed = {
  system,
  rows: [
    row(
      "12-19",
      "small images, several services, security, strategies, troubleshooting",
      dockers("has a small image without build tools and without a secret"),
      dockers("has limits, a health check and a rotated log, and runs without privileges"),
      file("docs/guide/where-to-run.md"),
      file(troubles),
    ),
    row(
      "16, 25, 336",
      "health checks that also bring a service back",
      test(
        "tests/images/paced-check.test.ts",
        "is restarted, waits longer for the next restart, and stays as it is after the last one",
      ),
      test(
        "tests/slow/recovery.test.ts",
        "is restarted with longer and longer pauses, and the alert, the log and make health say so",
      ),
    ),
    row(
      "18, 194-209",
      "when Docker, a virtual machine, bare metal or Kubernetes is right",
      file("docs/guide/where-to-run.md", "## Choose"),
    ),
    row(
      "28, 378",
      "run it at Railway or Render",
      declared("Railway and Render run images"),
      pushes,
      test("tests/slow/commands.test.ts", "pushes with a login, and the registry has the image that runs"),
    ),
    row(
      "33, 379",
      "security of the API",
      test("tests/systems/front-door.test.ts", "may do what their role allows"),
      test("tests/systems/front-door.test.ts", "work as Bearer, and are revoked within five seconds"),
    ),
    row(
      "33, 380, 42",
      "load tests and more instances",
      dockers("scales a running service to two replicas and back, on the same port"),
      declared("Ragdock does not change the number of replicas"),
      test(
        "tests/unit/cli/load.test.ts",
        "names what reached its limit first, and the setting that raises it",
      ),
    ),
    row(
      "41",
      "the same in every environment",
      test("tests/systems/m31-prod.ts", "has two replicas behind one public port, and hides the metrics"),
    ),
    row("56", "a registry for the images", pushes),
    row(
      "62-64",
      "Docker, Compose and Python 3.11",
      declared("Python is 3.13"),
      declared("macOS and Windows run Docker"),
      file("README.md"),
    ),
    row(
      "68-83, 302, 308, 315",
      "start, ask for the health, follow the log, stop",
      steps(
        "docker compose up -d",
        "curl http://localhost:8000/health",
        "docker compose logs -f web",
        "docker compose down",
      ),
      declared("The commands are Ragdock's"),
    ),
    row(
      "85-96",
      "run without Docker, again at each change; a PowerShell script",
      file("docs/guide/development.md", "systems/m31"),
      declared("There is no PowerShell script"),
      declared("The application is not `app:app`"),
    ),
    row(
      "98-109",
      "pytest for all, for one file, with coverage",
      file("tools/test-app.sh", "FILES="),
      file("Makefile", "--cov-report html"),
      file("docs/guide/development.md", "make coverage"),
    ),
    row(
      "111-120",
      "four variables, from a file .env",
      steps("ENVIRONMENT=development REDIS_HOST=redis REDIS_PORT=6379 PORT=8000"),
      test("tests/unit/cli/env.test.ts", "become settings with the values that the settings accept"),
      test("tests/unit/cli/env.test.ts", "is current: `make docs` writes it"),
    ),
    row(
      "126-133",
      "web on 8000 as user 1000, Redis with a volume and a check",
      dockers("has limits, a health check and a rotated log, and runs without privileges"),
      dockers("runs under its own names, on its own networks, with its own volume"),
      steps("Non-root user (UID 1000)", "Health checks with redis-cli"),
      declared("Redis has a password"),
    ),
    row(
      "137-141",
      "the volume redis-data and one network",
      dockers("runs under its own names, on its own networks, with its own volume"),
      declared("The network has the name of its store"),
    ),
    row(
      "149-168",
      "licence, notebook, tests, scripts",
      file("LICENSE"),
      file("systems/m31/tests/test_service.py"),
      declared("There is no notebook"),
    ),
    row(
      "183-184, 325",
      "app.py --serve and --health",
      steps(
        "python app.py --serve",
        "python app.py --health",
        "docker compose exec web python app.py --health",
      ),
      test("systems/m31/tests/test_service.py", "test_the_health_command_gives_the_reason"),
    ),
    row(
      "188, 275",
      "build without the cache",
      test(
        "tests/slow/commands.test.ts",
        "build --no-cache makes new images and starts nothing, and the next up runs them",
      ),
    ),
    row(
      "189, 312",
      "list the containers",
      steps("docker compose ps"),
      declared("The commands are Ragdock's"),
    ),
    row(
      "190, 324",
      "a shell in the container",
      steps("docker compose exec web /bin/bash"),
      commands("runs commands in its containers, and passes their exit code through"),
      declared("The commands are Ragdock's"),
    ),
    row(
      "191, 286",
      "CPU, memory and network of each container",
      steps("docker stats"),
      file("cli/commands/status.ts", "CPU"),
    ),
    row(
      "213-228",
      "service names and not localhost",
      steps("REDIS_HOST=redis", "REDIS_HOST=localhost"),
      file("systems/m31/documents/localhost-is-the-container.md"),
      file(troubles, "localhost"),
    ),
    row(
      "230-242",
      "a port in use",
      dockers("a port in use is named, with the setting for another port, before anything changes"),
    ),
    row(
      "244-254",
      "a volume of another user, USER_ID and GROUP_ID",
      dockers(
        "a volume of another user is named, with the command that changes its owner, before anything changes",
      ),
      declared("There is no USER_ID"),
      test("tests/unit/config/container-settings.test.ts", "reach an application of a system"),
    ),
    row(
      "256-269, 309",
      "look at a network, reach one container from another",
      steps(
        "docker network inspect docker_rag-network",
        "docker compose exec web ping redis",
        "docker compose exec web curl http://redis:6379",
        "docker compose logs -f redis",
      ),
      declared("The network has the name of its store"),
      declared("The image has no ping"),
    ),
    row(
      "271-280, 318",
      "an old version from a cache; remove everything",
      steps("docker compose down -v"),
      file("systems/m31/documents/stale-build-cache.md"),
      declared("`make clean` and `make prune` never remove"),
    ),
    row(
      "282-293",
      "out of memory, exit code 137, a limit of 4 GB",
      dockers("a service out of memory is reported as such"),
      declared("In production the web application has 2 GiB"),
    ),
    row(
      "295-326",
      "the commands of Compose",
      steps("docker compose logs -f"),
      commands("build builds the images and changes no container"),
      file("docs/reference/commands.md"),
      declared("The commands are Ragdock's"),
      test(
        "tests/unit/cli/selection.test.ts",
        "are the containers, networks, volumes, secrets and images of its services",
      ),
      noCache,
    ),
    row(
      "332-336",
      "stages, no root, no secret in the image, a small base, checks",
      dockers("has a small image without build tools and without a secret"),
      dockers("has limits, a health check and a rotated log, and runs without privileges"),
    ),
    row(
      "338-342",
      "an image of 200 to 250 MB",
      dockers("has a small image without build tools and without a secret"),
    ),
    row(
      "344-350",
      "restarts, memory, CPU, latency and health as metrics",
      steps("Container restarts", "Memory/CPU usage", "Request latency", "Health check status"),
      dockers("has metrics of the cache and of Redis"),
      file("monitoring/alerts/resources.ts", "ServiceRestarting"),
      file("monitoring/alerts/resources.ts", "CpuNearLimit"),
    ),
    row("352", "a guide for scaling", file("docs/guide/scaling.md", "## Replicas")),
  ],
};
