import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bridgeAddress } from "./bridge.ts";

/** One request that the server got. */
export interface Seen {
  readonly path: string;
  readonly key: string;
  readonly model: string;
  /** The texts of an embeddings request. */
  readonly texts: number;
  readonly status: number;
}

/**
 * A small OpenAI-compatible server with embeddings of words, answers that repeat the passages, and
 * failures on request.
 */
export class OpenAIServer {
  readonly seen: Seen[] = [];
  /** The status codes of the next answers, in their order. */
  failures: number[] = [];
  private readonly server = createServer((request, response) => void this.answer(request, response));
  private readonly key: string;
  private readonly dimension: number;

  /** @param dimension the length of the model's vectors */
  constructor(key: string, dimension: number) {
    this.key = key;
    this.dimension = dimension;
  }

  /** Starts the server. Returns its address for containers on this Docker host. */
  async start(): Promise<string> {
    await once(this.server.listen(0, "0.0.0.0"), "listening");
    const { port } = this.server.address() as AddressInfo;
    return `http://${await bridgeAddress()}:${port}/v1`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const body = text ? JSON.parse(text) : {};
    const key = (request.headers.authorization ?? "").replace("Bearer ", "");
    const status = key === this.key ? (this.failures.shift() ?? 200) : 401;
    const path = request.url ?? "";
    const texts = Array.isArray(body.input) ? body.input.length : 0;
    this.seen.push({ path, key, model: body.model ?? "", texts, status });
    if (status !== 200) {
      // Some providers repeat the key in errors. It must not reach a log.
      const headers = { "content-type": "application/json", "retry-after": "0.2" };
      response.writeHead(status, headers).end(JSON.stringify({ error: { message: `not now, ${key}` } }));
      return;
    }
    if (path.endsWith("/embeddings")) {
      const data = (body.input as string[]).map((input, index) => ({ index, embedding: this.vector(input) }));
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ data, usage: { prompt_tokens: 1 } }));
      return;
    }
    const said = `From the model: ${String(body.messages?.at(-1)?.content).slice(0, 2000)}`;
    const event = JSON.stringify({ choices: [{ delta: { content: said } }] });
    response
      .writeHead(200, { "content-type": "text/event-stream" })
      .end(`data: ${event}\n\ndata: [DONE]\n\n`);
  }

  /** Returns a vector of a text. Texts with equal words have similar vectors. */
  private vector(text: string): number[] {
    const vector = new Array<number>(this.dimension).fill(0.001);
    for (const word of text.toLowerCase().match(/[a-z]{4,}/g) ?? []) {
      let hash = 7;
      for (const letter of word) hash = (hash * 31 + letter.charCodeAt(0)) % this.dimension;
      vector[hash] = (vector[hash] ?? 0) + 1;
    }
    return vector;
  }
}
