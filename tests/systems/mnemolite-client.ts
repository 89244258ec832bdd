import { expect } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { docker, type TestStack } from "../support/stack.ts";
import { question } from "./small-rag.ts";

/** Returns functions that use the API and the database of a running mnemolite. */
export function clientOf(stack: TestStack, port: number) {
  const json = async <T>(path: string, body?: unknown): Promise<T> => {
    const init = body
      ? { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
      : {};
    return (await (await fetch(`http://127.0.0.1:${port}${path}`, init)).json()) as T;
  };

  /** Runs SQL on the stack's database with `make psql`. */
  const sql = async (query: string): Promise<string> => {
    const { code, output } = await stack.make("psql", { input: `\\t on\n\\a\n${query};\n` });
    expect(code, output).toBe(0);
    return output.trim();
  };

  /** Runs SQL as the server's administrator, in its container. */
  const asAdmin = async (query: string): Promise<string> =>
    docker("exec", await stack.container("db"), "psql", "-U", "postgres", "-d", "mnemolite", "-c", query);

  const remember = async (text: string): Promise<string> => {
    const { id } = await json<{ id: string }>("/memories", { text, source: "handbook" });
    await eventually(
      async () => ((await json<{ state: string }>(`/memories/${id}`)).state === "done" ? true : undefined),
      60,
    );
    return id;
  };

  const found = async (): Promise<string> =>
    JSON.stringify(await json<unknown>("/search", { query: question, k: 3 }));

  return { json, sql, asAdmin, remember, found };
}
