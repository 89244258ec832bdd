/**
 * What the seed myrag says of its services, on a running stack, under the headings of the seed. The
 * seed has no commands for a user. Grafana does not run here: it is in no package.
 */
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { longRunning, publishedPorts } from "../../config/spec/service.ts";
import { eventually } from "../../tools/eventually.ts";
import { inside, observe, startOrder } from "../support/observe.ts";
import { systemWith } from "../support/program.ts";
import { docker, logOf } from "../support/stack.ts";
import { curl, type Seeded, stepsOf } from "./seed.ts";

const step = stepsOf("myrag");

/** The ports on the host that a service has by default, as the seed writes them. */
const defaultPorts = (environment: string): string[] =>
  longRunning(systemWith({ system: "myrag", environment }).services).flatMap((service) =>
    publishedPorts(service).map(({ host, owner = service.name }) => `${owner} ${host}`),
  );

/** What holds for each stack, in dev and in prod. */
export function describeSeed({ stack, environment, port }: Seeded): void {
  describe("seed myrag: Services Overview", () => {
    step("nginx 80:80", async () => {
      expect(defaultPorts(environment)).toContain("nginx 80");
      const [page, api] = await Promise.all(
        ["/", "/api/health"].map((path) => fetch(`http://localhost:${port}${path}`)),
      );
      expect([page?.status, api?.status]).toEqual([200, 200]);
      expect(page?.headers.get("content-type")).toContain("text/html");
    });

    it("starts the database first, then the API, which migrates, then the pages and the gateway", async () => {
      const order = startOrder(await observe(stack));
      const at = (name: string): number => order.indexOf(name);
      expect(at("pgvector")).toBeLessThan(at("fastapi"));
      expect(at("fastapi")).toBeLessThan(at("streamlit"));
      expect(at("streamlit")).toBeLessThan(at("nginx"));
      expect(at("pgvector")).toBeLessThan(at("postgres-exporter"));
    });
  });

  describe("seed myrag: Networks and Volumes", () => {
    step(
      "`streamlit` talks to `fastapi`",
      async () => {
        const { output } = await inside(stack, "streamlit", ...curl("http://fastapi:8000/api/health"));
        expect(output).toMatch(/^200 /);
      },
      "Services share a network only with",
    );
  });

  describe("seed myrag: B. Entrypoint Script", () => {
    it("migrates before it serves, with one worker", async () => {
      const log = await logOf(await stack.container("fastapi"));
      expect(log.indexOf("Running upgrade")).toBeGreaterThanOrEqual(0);
      expect(log.indexOf("Running upgrade")).toBeLessThan(log.search(/startup complete|running on/i));
      const all = await docker("top", await stack.container("fastapi"), "-eo", "pid,args");
      expect(all.match(/^(?!.*docker-init).*uvicorn/gm)).toHaveLength(1); // Docker's init names it, too.
    });

    step("alembic upgrade head", async () => {
      const { code, output } = await inside(stack, "fastapi", "alembic", "upgrade", "head");
      expect(code, output).toBe(0);
      expect(output).not.toContain("Running upgrade");
      expect((await inside(stack, "fastapi", "alembic", "current")).output).toMatch(/\(head\)/);
    });

    step(
      "streamlit run app.py",
      async () => {
        const processes = await docker("top", await stack.container("streamlit"), "-eo", "pid,args");
        expect(processes).toMatch(/ run app\.py$/m);
        const { output } = await inside(stack, "streamlit", "env");
        for (const line of [
          "STREAMLIT_SERVER_ADDRESS=0.0.0.0",
          "STREAMLIT_SERVER_ENABLE_CORS=false",
          "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION=false",
          "STREAMLIT_BROWSER_GATHER_USAGE_STATS=false",
        ])
          expect(output.split("\n")).toContain(line);
      },
      "The pages have no entrypoint.sh",
    );
  });

  describe("seed myrag: C. Alembic Configuration", () => {
    step(
      "postgresql://postgres:postgres_passwrod@pgvector:5432/myrag",
      async () => {
        const script = `import os, psycopg
env = os.environ
password = open(env["POSTGRES_PASSWORD_FILE"]).read().strip()
login = dict(host="pgvector", port=5432, dbname="myrag", user=env["POSTGRES_USER"], password=password)
with psycopg.connect(**login) as connection:
    print(*connection.execute("SELECT current_database(), session_user, current_user").fetchone())`;
        const { output } = await inside(stack, "fastapi", "python3", "-c", script);
        expect(output).toMatch(/^myrag rag_\d+ rag\n$/);
      },
      "alembic.ini has no address",
      "The API logs in as",
    );
  });

  describe("seed myrag: 5. Monitoring Configuration", () => {
    step("fastapi, node-exporter, prometheus, postgres", async () => {
      const up = ["promtool", "query", "instant", "http://localhost:9090", "up"];
      const jobs = await eventually(async () => {
        const { output } = await inside(stack, "prometheus", ...up);
        const all = [...output.matchAll(/job="([^"]+)".*=> 1 @/g)].map(([, job]) => job);
        return all.length >= 4 ? all.sort() : undefined;
      }, 90);
      expect(jobs).toEqual(["fastapi", "node-exporter", "postgres-exporter", "prometheus"]);
    });
  });
}

/**
 * The ports of a stack in dev.
 * @param ports on the host, by service
 */
export function describePorts(ports: Readonly<Record<string, { readonly port: number }>>): void {
  const textOf = async (service: string, path: string): Promise<string> =>
    (await fetch(`http://localhost:${ports[service]?.port}${path}`)).text();

  describe("seed myrag: Services Overview, in dev", () => {
    step("pgvector 5432:5432", async () => {
      expect(defaultPorts("dev")).toContain("pgvector 5432");
      const socket = connect({ host: "localhost", port: ports.pgvector?.port ?? 0 });
      try {
        // PostgreSQL's question whether the server has TLS. No other server answers it.
        socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
        const answer = await new Promise<Buffer>((done, fail) => socket.on("data", done).on("error", fail));
        expect(answer.toString()).toMatch(/^[NS]$/);
      } finally {
        socket.destroy();
      }
    });

    step("prometheus 9090:9090", async () => {
      expect(defaultPorts("dev")).toContain("prometheus 9090");
      expect(await textOf("prometheus", "/-/ready")).toContain("Ready");
    });

    step("node-exporter 9100:9100", async () => {
      expect(defaultPorts("dev")).toContain("node-exporter 9100");
      expect(await textOf("node-exporter", "/metrics")).toMatch(/^node_(cpu_seconds_total|memory_MemTotal)/m);
    });

    step("postgres-exporter 9187:9187", async () => {
      expect(defaultPorts("dev")).toContain("postgres-exporter 9187");
      expect(await textOf("postgres-exporter", "/metrics")).toMatch(/^pg_up 1$/m);
    });

    step(
      "streamlit 8501:8501",
      async () => {
        expect(defaultPorts("dev").filter((line) => /^(streamlit|fastapi) /.test(line))).toEqual([]);
        expect(await textOf("streamlit", "/_stcore/health")).toBe("ok");
      },
      "The ports 8501 and 8000 are closed",
    );
  });

  describe("seed myrag: 5. Monitoring Configuration, in dev", () => {
    it("has four targets that Prometheus scrapes every 15 s, with the API at its secret path", async () => {
      const targets = await eventually(async () => {
        const { data } = JSON.parse(await textOf("prometheus", "/api/v1/targets")) as {
          data: { activeTargets: { scrapeUrl: string; health: string; scrapeInterval: string }[] };
        };
        return data.activeTargets.every((t) => t.health === "up") ? data.activeTargets : undefined;
      }, 90);
      expect(new Set(targets.map((t) => t.scrapeInterval))).toEqual(new Set(["15s"]));
      const urls = targets.map((t) => t.scrapeUrl.replace(/:8000\/.*/, ":8000/…")).sort();
      expect(urls).toEqual([
        "http://fastapi:8000/…",
        "http://node-exporter.monitoring:9100/metrics",
        "http://postgres-exporter.monitoring:9187/metrics",
        "http://prometheus:9090/metrics",
      ]);
    });
  });
}
