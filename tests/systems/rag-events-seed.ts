/**
 * The steps of the seed rag-events on a running stack, under the headings of the seed. They do not
 * build an image with `docker build`, whose base image is in a registry, and do not run
 * `docker image prune`, which would remove the images of other tests.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { inside } from "../support/observe.ts";
import { systemWith } from "../support/program.ts";
import { docker, logOf, type TestStack } from "../support/stack.ts";
import { containerOf, curl, imageIdOf, logsOf, type Seeded, stepsOf, whileRunning } from "./seed.ts";
import { SmallRag } from "./small-rag.ts";

const step = stepsOf("rag-events");
const commands = "The commands are Ragdock's";
const noCurl = "The image has no curl";

/**
 * The steps that check a stack, in dev and in prod.
 * @param uiPort the port of its pages
 */
export function describeSeed({ stack, environment, port }: Seeded, uiPort: number): void {
  const urls = () =>
    systemWith({ system: "rag-events", environment }, { secrets: new Set(["mistralApiKey"]) }).urls;
  const text = async (path: string, at = port): Promise<string> => {
    const answer = await fetch(`http://localhost:${at}${path}`);
    expect(answer.status).toBe(200);
    return answer.text();
  };

  describe("seed rag-events: Monitoring et debug", () => {
    step("docker-compose logs -f", () => logsOf(stack, stack.start(["logs"]), "api", "ui"), commands);

    step(
      "docker-compose ps",
      async () => {
        const { output } = await stack.make("ps");
        for (const service of ["api", "ui"])
          expect(output).toMatch(new RegExp(`\\(healthy\\).* ragdock-${containerOf(stack, service)}$`, "m"));
      },
      commands,
    );

    step(
      "docker exec -it rag-events-api /bin/bash",
      async () => {
        const { output } = await stack.make(
          "exec",
          "api",
          "--",
          "/bin/bash",
          "-c",
          "echo $BASH_VERSION in $PWD",
        );
        expect(output).toMatch(/^\d+\.\d+\S* in \/app$/m);
      },
      commands,
    );

    step(
      "docker inspect --format='{{.State.Health.Status}}' rag-events-api",
      async () => {
        for (const id of [...(await stack.containers("api")), ...(await stack.containers("ui"))])
          expect(await docker("inspect", "--format={{.State.Health.Status}}", id)).toBe("healthy\n");
      },
      commands,
    );
  });

  describe("seed rag-events: Healthcheck", () => {
    step(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell, as in the seed.
      "curl -f http://localhost:${API_PORT}/health || exit 1",
      async () => {
        const probe = ["python", "-m", "rag_events", "probe", "api"];
        expect((await inside(stack, "api", ...probe)).code).toBe(0);
        expect((await inside(stack, "api", "env", "API_PORT=9", ...probe)).code).not.toBe(0);
      },
      noCurl,
    );
  });

  describe("seed rag-events: Réseau", () => {
    step("http://api:8000", async () => {
      expect((await inside(stack, "ui", ...curl("http://api:8000/health"))).output).toMatch(/^200 /);
    });
  });

  describe("seed rag-events: Flux de déploiement complet", () => {
    step("/health → 200 OK", async () => {
      expect(urls().api).toBe("http://localhost:8000");
      expect(JSON.parse(await text("/health"))).toMatchObject({ status: "ok" });
    });

    step("http://localhost:8000/docs (Swagger)", async () => {
      const page = await text("/docs");
      expect(page).toContain("SwaggerUIBundle");
      // The page loads all of it from the stack.
      for (const [, path = ""] of page.matchAll(/(?:src|href)="([^"]+)"/g)) await text(path);
      expect(Object.keys(JSON.parse(await text("/openapi.json")).paths)).toContain("/query");
    });

    step("http://localhost:8501", async () => {
      expect(urls().ui).toBe("http://localhost:8501");
      expect(await text("/", uiPort)).toContain('<div id="root">');
      expect(await text("/_stcore/health", uiPort)).toBe("ok");
    });
  });
}

/**
 * The steps that run the image of the stack without Ragdock, and those that start one service.
 * @param freePort a free port of the host
 */
export function describeRuns(stack: TestStack, freePort: number): void {
  /** Waits for the answer of the container, or shows its log. */
  const answer = (name: string, path: string): Promise<Response> =>
    eventually(async () => {
      const response = await fetch(`http://localhost:${freePort}${path}`).catch(() => undefined);
      return response?.ok ? response : undefined;
    }).catch(async (error) => {
      throw new Error(`${error}\n${await logOf(name)}`);
    });

  describe("seed rag-events: Construction et lancement", () => {
    step("docker run -p 8000:8000 --env-file .env -v $(pwd)/data:/app/data rag-events", async () => {
      const folder = mkdtempSync(join(tmpdir(), "ragdock-seed-"));
      try {
        // The user of the image owns nothing on this machine.
        mkdirSync(join(folder, "data"));
        chmodSync(join(folder, "data"), 0o777);
        writeFileSync(join(folder, ".env"), "EMBEDDING_PROVIDER=local\nAPI_PORT=8000\n");
        const files = ["--env-file", join(folder, ".env"), "-v", `${join(folder, "data")}:/app/data`];
        const options = ["-p", `127.0.0.1:${freePort}:8000`, ...files];
        await whileRunning(await imageIdOf(stack, "api"), options, [], async (name) => {
          await answer(name, "/health");
          await new SmallRag(freePort).upload("note.md", "The ferry to Quillon leaves at six.");
          const { sources } = await new SmallRag(freePort).ask("When does the ferry leave?");
          expect(sources[0]?.document).toContain("note.md");
        });
        expect(readdirSync(join(folder, "data")).length).toBeGreaterThan(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    step(
      "docker run -p 8501:8501 --env-file .env -v $(pwd)/data:/app/data rag-events streamlit",
      async () => {
        const options = ["-p", `127.0.0.1:${freePort}:8501`];
        await whileRunning(await imageIdOf(stack, "ui"), options, ["streamlit"], async (name) => {
          expect(await (await answer(name, "/_stcore/health")).text()).toBe("ok");
        });
      },
    );

    step(
      "docker-compose up api",
      async () => {
        const { code, output } = await stack.make("up", "--service", "api");
        expect(code, output).toBe(0);
      },
      commands,
    );
  });

  describe("seed rag-events: Entrypoint : mode API ou Streamlit", () => {
    step("docker run rag-events <commande>", async () => {
      const image = await imageIdOf(stack, "api");
      expect(await docker("run", "--rm", image, "echo", "anything else")).toBe("anything else\n");
    });
  });
}

/** The step that ends a stack. */
export function describeEnd(stack: TestStack): void {
  describe("seed rag-events: Arrêt et nettoyage", () => {
    step(
      "docker-compose down -v",
      async () => {
        expect(await stack.make("destroy-data", "--confirm", stack.name)).toMatchObject({ code: 0 });
        expect([await stack.containers(), await stack.volumes()]).toEqual([[], []]);
      },
      commands,
    );
  });
}
