/**
 * Uses the web interface in a browser: uploads a document, asks about it and opens the status page.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser } from "../../support/browser.ts";
import { port, rag } from "./context.ts";

describe("in a real browser", () => {
  let chrome: Browser;
  let page: Page;
  const blocked: string[] = [];

  beforeAll(async () => {
    chrome = await startBrowser(port);
    page = await chrome.newPage();
    page.setDefaultTimeout(60_000);
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) blocked.push(message.text());
    });
  });
  afterAll(() => chrome?.close());

  const open = async (path: string): Promise<void> => {
    await page.goto(`http://127.0.0.1:${port}${path}`);
    await page.locator("h1").first().waitFor();
  };

  it("uploads a document", async () => {
    await open("/documents");
    await page.locator('input[type="file"]').setInputFiles({
      name: "otter.md",
      mimeType: "text/markdown",
      buffer: Buffer.from("# Otters\n\nThe otter Balthasar juggles quartz pebbles at noon.\n"),
    });
    await page.getByText("otter.md").first().waitFor();
    await page.getByRole("button", { name: "Add to the documents" }).click();
    await page.getByText("otter.md is queued").waitFor();
    // The table is on a canvas, so the test asks the API for its content.
    const states = async (): Promise<unknown> => {
      const { documents } = (await (await rag.get("/api/documents")).json()) as {
        documents: { name: string; state: string }[];
      };
      return documents.find((d) => d.name === "otter.md")?.state;
    };
    await expect.poll(states, { timeout: 60_000 }).toBe("ready");
  });

  it("answers a question about the document, with the passage", async () => {
    await open("/");
    await page.getByPlaceholder(/question/i).fill("What does the otter Balthasar do at noon?");
    await page.keyboard.press("Enter");
    await page
      .getByText(/juggles quartz pebbles/)
      .first()
      .waitFor();
  });

  it("shows every service's health, and charts", async () => {
    await open("/status");
    await page.getByText("Services under monitoring").waitFor();
    for (const name of ["gateway", "postgres", "worker"])
      await page.getByText(name, { exact: true }).first().waitFor();
    await expect
      .poll(() => page.locator("canvas, svg.marks, [data-testid='stVegaLiteChart']").count(), {
        timeout: 60_000,
      })
      .toBeGreaterThan(3);
  });

  it("shows the documentation of the API", async () => {
    await page.goto(`http://127.0.0.1:${port}/api/docs`);
    await page.getByText("/api/query").first().waitFor();
  });

  it("requests nothing that the security headers block", () => expect(blocked).toEqual([]));
});
