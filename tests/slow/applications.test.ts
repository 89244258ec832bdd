/**
 * Builds the kinds of applications without a Dockerfile that have many packages, and starts them.
 * tests/systems/applications.test.ts has the others.
 */
import { afterAll, expect, it } from "vitest";
import { unwatched } from "../support/program.ts";
import { TestStack } from "../support/stack.ts";

const folder = "tests/support/fixtures/applications";
const port = 18_640;
const stack = new TestStack("e2e-more-builds", {});
afterAll(() => stack.remove());

it.each([
  ["django-poetry", "Django application", "/health", /^django$/],
  ["streamlit-project", "Streamlit application", "/_stcore/health", /^ok$/],
  ["gradio-pip", "Gradio application", "/config", /"version"/],
])("%s is built, started, and reached through the gateway", async (name, says, path, body) => {
  const app = { source: `${folder}/${name}`, port: 8000, healthPath: path, startPeriod: "2m" };
  const services = { gateway: { port }, ...unwatched };
  stack.configure({ system: "full", images: "packages", app, services });
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  expect(output).toContain(`app: ${says}`);
  expect(await (await fetch(`http://127.0.0.1:${port}${path}`)).text()).toMatch(body);
});
