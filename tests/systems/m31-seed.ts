/**
 * The steps of the seed m31 on a running stack, under the headings of the seed. They do not run
 * `docker compose build --no-cache` and `docker system prune -a`, which would remove the images and
 * the cache of other tests.
 */
import { describe, expect } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { inside, reaches } from "../support/observe.ts";
import { systemWith } from "../support/program.ts";
import { docker, type TestStack } from "../support/stack.ts";
import { containerOf, logsOf, type Seeded, stepsOf } from "./seed.ts";

const step = stepsOf("m31");
const commands = "The commands are Ragdock's";
const noPing = "The image has no ping";

/** The steps that check a stack, in dev and in prod. */
export function describeSeed({ stack, environment, port }: Seeded): void {
  const exec = (...words: string[]) => stack.make("exec", "web", "--", ...words);
  const logs = (...words: string[]) => stack.start(["logs", ...words]);

  describe("seed m31: Build and Run", () => {
    step(
      "docker compose up -d",
      async () => {
        // The tests before this one stop the cache for a moment.
        const output = await eventually(async () => {
          const ran = await stack.make("status");
          return ran.code === 0 ? ran.output : undefined;
        }, 60);
        for (const service of ["web", "redis"])
          expect(output).toMatch(new RegExp(`^${service}( 1)? +healthy`, "m"));
      },
      commands,
    );

    step("curl http://localhost:8000/health", async () => {
      expect(systemWith({ system: "m31", environment }).urls.web).toBe("http://localhost:8000");
      const answer = await fetch(`http://localhost:${port}/health`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({
        status: "ok",
        redis: "ok",
        environment: environment === "dev" ? "development" : "production",
      });
    });

    step(
      "docker compose logs -f web",
      async () => {
        const output = await logsOf(stack, logs("--service", "web"), "web");
        expect(output).not.toMatch(/-redis-\w+ \|/);
      },
      commands,
    );
  });

  describe("seed m31: Environment Variables", () => {
    step("ENVIRONMENT=development REDIS_HOST=redis REDIS_PORT=6379 PORT=8000", async () => {
      const { output } = await inside(stack, "web", "env");
      const wanted = environment === "dev" ? "development" : "production";
      for (const line of [`ENVIRONMENT=${wanted}`, "REDIS_HOST=redis", "REDIS_PORT=6379", "PORT=8000"])
        expect(output.split("\n")).toContain(line);
    });
  });

  describe("seed m31: Services", () => {
    step("Non-root user (UID 1000)", async () =>
      expect((await inside(stack, "web", "id", "-u")).output).toBe("1000\n"),
    );

    step(
      "Health checks with redis-cli",
      async () => {
        const ping = ["redis-cli", "--no-auth-warning", "--user", "probe", "--pass", "any", "ping"];
        expect((await inside(stack, "redis", ...ping)).output).toBe("PONG\n");
      },
      "Redis has a password",
    );
  });

  describe("seed m31: Development Workflow", () => {
    step("python app.py --serve", async () => {
      const processes = await docker("top", await stack.container("web"), "-eo", "pid,args");
      expect(processes).toMatch(/python app\.py --serve/);
    });

    step("python app.py --health", async () => {
      const withoutServer = await inside(stack, "web", "env", "PORT=9", "python", "app.py", "--health");
      expect(withoutServer.code).toBe(1);
    });

    step(
      "docker compose ps",
      async () => {
        const { output } = await stack.make("ps");
        for (const service of ["web", "redis"])
          expect(output).toMatch(new RegExp(`\\(healthy\\).* ragdock-${containerOf(stack, service)}$`, "m"));
      },
      commands,
    );

    step(
      "docker compose exec web /bin/bash",
      async () => expect((await exec("/bin/bash", "-c", "echo $BASH_VERSION")).output).toMatch(/^\d+\.\d+/),
      commands,
    );

    step("docker stats", async () => {
      const rows = (await docker("stats", "--no-stream", ...(await stack.containers("web"))))
        .trim()
        .split("\n");
      const limit = environment === "dev" ? "1GiB" : "2GiB";
      expect(rows.slice(1)).toHaveLength(environment === "dev" ? 1 : 2);
      for (const row of rows.slice(1)) expect(row).toMatch(new RegExp(`%.* / ${limit} .*%.* / `));
    });
  });

  describe("seed m31: Container Networking vs Localhost", () => {
    step("REDIS_HOST=redis", async () => expect(await reaches(stack, "web", "redis", 6379)).toBe(true));
    step("REDIS_HOST=localhost", async () =>
      expect(await reaches(stack, "web", "localhost", 6379)).toBe(false),
    );
  });

  describe("seed m31: Container Networking Issues", () => {
    step(
      "docker network inspect docker_rag-network",
      async () => {
        const format = "{{.Driver}}{{range .Containers}} {{.Name}}{{end}}";
        const found = await docker("network", "inspect", "--format", format, `ragdock-${stack.name}-redis`);
        const [driver, ...names] = found.trim().split(" ");
        const services = names.map((name) =>
          name.replace(`ragdock-${stack.name}-`, "").replace(/(-\d+)?-[0-9a-f]{7}$/, ""),
        );
        expect(driver).toBe("bridge");
        expect([...new Set(services)].sort()).toEqual(["redis", "redis-exporter", "web"]);
      },
      "The network has the name of its store",
    );

    step(
      "docker compose exec web ping redis",
      async () => {
        const { code, output } = await stack.make("net", "--service", "web", "--check");
        expect(code, output).toBe(0);
        expect(output).toMatch(/^web +redis:6379 +redis +yes$/m);
        expect(output).toContain("Checked: the running services reach each other as declared");
      },
      commands,
      noPing,
    );

    step(
      "docker compose exec web curl http://redis:6379",
      async () => {
        const ask = `import socket; s = socket.create_connection(("redis", 6379), 3)
s.sendall(b"PING\\r\\n"); print(s.recv(99).decode())`;
        expect((await exec("python", "-c", ask)).output).toContain("-NOAUTH");
      },
      commands,
      noPing,
      "Redis has a password",
    );

    step("docker compose logs -f redis", () => logsOf(stack, logs("--service", "redis"), "redis"), commands);
  });

  describe("seed m31: Docker Compose Commands Reference", () => {
    step("docker compose logs -f", () => logsOf(stack, logs(), "web", "redis"), commands);

    step(
      "docker compose exec web python app.py --health",
      async () => {
        const { code, output } = await exec("python", "app.py", "--health");
        expect(code, output).toBe(0);
      },
      commands,
    );
  });
}

/** Waits until a query has a result in the Prometheus on this port. */
export async function measured(prometheusPort: number, query: string): Promise<void> {
  const url = `http://127.0.0.1:${prometheusPort}/api/v1/query?query=${encodeURIComponent(query)}`;
  await eventually(async () => {
    const { data } = (await (await fetch(url)).json()) as { data: { result: unknown[] } };
    return data.result.length > 0 ? true : undefined;
  });
}

/** The metrics that the seed requires. */
export function describeMetrics(prometheusPort: number): void {
  const has = (query: string) => measured(prometheusPort, query);

  describe("seed m31: Monitoring", () => {
    step("Container restarts", () => has('changes(process_start_time_seconds{service="web"}[1h]) >= 0'));
    step("Memory/CPU usage", async () => {
      await has('process_resident_memory_bytes{service="web"} > 0');
      await has('rate(process_cpu_seconds_total{service="web"}[5m]) > 0');
    });
    step("Request latency", () => has('http_request_duration_seconds_count{service="web"}'));
    step("Health check status", () => has('probe_success{service="web"} == 1'));
  });
}

/** The steps that end a stack. */
export function describeEnd(stack: TestStack): void {
  describe("seed m31: Docker Compose Commands Reference, at the end", () => {
    step(
      "docker compose down",
      async () => {
        expect(await stack.make("down")).toMatchObject({ code: 0 });
        expect(await stack.containers()).toEqual([]);
        expect(await stack.volumes()).toContain(`ragdock-${stack.name}-redis-data`);
      },
      commands,
    );

    step(
      "docker compose down -v",
      async () => {
        expect(await stack.make("destroy-data", "--confirm", stack.name)).toMatchObject({ code: 0 });
        expect(await stack.volumes()).toEqual([]);
      },
      commands,
      "`make clean` and `make prune` never remove",
    );
  });
}
