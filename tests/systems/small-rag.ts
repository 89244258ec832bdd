import { readFileSync } from "node:fs";

/** An answer of the small applications. */
export interface SmallAnswer {
  readonly answer: string;
  readonly sources: readonly { document: string; chunk: unknown; text: string; score: number }[];
  readonly cached?: boolean;
}

/** A client of the HTTP interface that the small applications share. */
export class SmallRag {
  private readonly base: string;

  constructor(port: number, prefix = "", host = "127.0.0.1") {
    this.base = `http://${host}:${port}${prefix}`;
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.base}${path}`, init);
  }

  async upload(name: string, text: string): Promise<{ id: string; chunks: number }> {
    const form = new FormData();
    form.set("file", new Blob([text], { type: "text/markdown" }), name);
    const response = await this.get("/documents", { method: "POST", body: form });
    if (response.status !== 201) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { id: string; chunks: number };
  }

  async ask(question: string, k = 3): Promise<SmallAnswer> {
    const response = await this.get("/query", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question, k }),
    });
    if (response.status !== 200) throw new Error(`${question}: ${response.status} ${await response.text()}`);
    return (await response.json()) as SmallAnswer;
  }
}

/** A document with facts that no model knows. */
export const handbook = [
  "# Handbook of the Quillon observatory",
  "",
  "The dome of the Quillon observatory is opened by the night assistant at a quarter past nine.",
  "",
  "The spare mirror is kept in the cellar, behind the door that is painted green.",
].join("\n");

export const question = "Where is the spare mirror kept?";
export const fact = "behind the door that is painted green";

/** Returns the content of a file of the checkout. */
export const fileOf = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
