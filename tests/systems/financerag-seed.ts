/**
 * The steps of the seed financerag on a running stack, under the headings of the seed. They do not
 * build an image with `docker build`, whose base image is in a registry, and do not run
 * `docker system prune -a`, which would remove the images of other tests.
 */
import { describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { inside } from "../support/observe.ts";
import { systemWith } from "../support/program.ts";
import { docker, logOf, type TestStack } from "../support/stack.ts";
import { imageIdOf, logsOf, type Seeded, stepsOf, whileRunning } from "./seed.ts";
import { fact, handbook, question, type SmallRag } from "./small-rag.ts";

const step = stepsOf("financerag");
const commands = "The commands are Ragdock's";
const ownCheck = "The health check runs every 5 s";

/** The steps that check a stack, in dev and in prod. */
export function describeSeed({ stack, environment, port }: Seeded): void {
  describe("seed financerag: FinanceRAG Dockerfile", () => {
    step(
      "curl -f http://localhost:8000/health || exit 1",
      async () => {
        const given = { secrets: new Set(["openaiApiKey"]) };
        expect(systemWith({ system: "financerag", environment }, given).urls.financerag).toBe(
          "http://localhost:8000",
        );
        expect((await fetch(`http://localhost:${port}/health`)).status).toBe(200);
        expect((await inside(stack, "financerag", "python", "main.py", "health")).code).toBe(0);
        for (const id of await stack.containers("financerag"))
          expect(await docker("inspect", "--format", "{{.State.Health.Status}}", id)).toBe("healthy\n");
      },
      ownCheck,
    );

    step("python main.py serve", async () => {
      const processes = await docker("top", await stack.container("financerag"), "-eo", "pid,args");
      // With gunicorn in production, as the seed advises there.
      expect(processes).toMatch(environment === "dev" ? /python main\.py serve$/m : /gunicorn/);
    });
  });

  describe("seed financerag: Running with Compose", () => {
    step(
      "docker-compose up -d",
      async () => {
        const { code, output } = await stack.make("status");
        expect(code, output).toBe(0);
        expect(output).toMatch(/^financerag( 1)? +healthy/m);
      },
      commands,
    );

    step(
      "docker-compose logs -f financerag",
      async () => {
        const output = await logsOf(stack, stack.start(["logs", "--service", "financerag"]), "financerag");
        expect(output).not.toMatch(/-gateway-\w+ \|/);
      },
      commands,
    );
  });

  describe("seed financerag: Environment Variables", () => {
    step(
      "docker run -e OPENAI_API_KEY=$OPENAI_API_KEY ...",
      async () => {
        const { output } = await inside(stack, "financerag", "env");
        expect(output).not.toMatch(/OPENAI_API_KEY=/);
        if (environment === "dev") return;
        const [, file = ""] = /^LLM_API_KEY_FILE=(.*)$/m.exec(output) ?? [];
        expect((await inside(stack, "financerag", "test", "-s", file)).code).toBe(0);
      },
      "The key reaches the application as a file",
    );
  });
}

/**
 * The steps that run the image of the stack without Ragdock, and what the seed has about its data.
 * @param freePort a free port of the host
 */
export function describeRuns(stack: TestStack, api: SmallRag, freePort: number): void {
  describe("seed financerag: Volume Mounts", () => {
    it("keeps uploaded documents when its container is recreated", async () => {
      await api.upload("handbook.md", handbook);
      await docker("rm", "-f", await stack.container("financerag"));
      const { code, output } = await stack.make("up", "--refresh");
      expect(code, output).toBe(0);
      expect((await api.ask(question)).sources[0]?.text).toContain(fact);
    });
  });

  describe("seed financerag: Common Docker Commands", () => {
    step("docker run -d -p 8000:8000 --name rag financerag:latest", async () => {
      const options = ["-p", `127.0.0.1:${freePort}:8000`];
      await whileRunning(await imageIdOf(stack, "financerag"), options, [], async (rag) => {
        const url = `http://localhost:${freePort}/health`;
        await eventually(async () => ((await fetch(url)).ok ? true : undefined));
        // docker logs -f rag
        expect(await logOf(rag)).toMatch(/started|startup|running/i);
        // docker exec -it rag bash
        expect(await docker("exec", rag, "bash", "-c", "echo $PWD")).toBe("/app\n");
        // docker stop rag && docker rm rag
        await docker("stop", rag);
        expect(await docker("inspect", "--format", "{{.State.ExitCode}}", rag)).toBe("0\n");
      });
    });

    step(
      "docker exec -it rag bash",
      async () => {
        const { output } = await stack.make("exec", "financerag", "--", "bash", "-c", "ls -d documents data");
        expect(output.trim().split(/\s+/)).toEqual(["data", "documents"]);
      },
      commands,
      "The folder with the documents is `documents`",
    );

    step("docker images", async () => {
      const id = await imageIdOf(stack, "financerag");
      const all = await docker("images", "--no-trunc", "--format", "{{.Repository}} {{.ID}}");
      expect(all).toContain(`ragdock/financerag ${id}`);
    });
  });
}

/** The step that ends a stack. */
export function describeEnd(stack: TestStack): void {
  describe("seed financerag: Running with Compose, at the end", () => {
    step(
      "docker-compose down",
      async () => {
        expect(await stack.make("down")).toMatchObject({ code: 0 });
        expect(await stack.containers()).toEqual([]);
        expect(await stack.volumes()).toContain(`ragdock-${stack.name}-data`);
      },
      commands,
      "The data is in a named volume",
    );
  });
}
