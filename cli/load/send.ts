import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import { defined } from "../../config/spec/defined.ts";

/** The gateway that gets the requests. */
export interface Target {
  /** @default localhost */
  readonly host?: string;
  readonly port: number;
  /** The name in the certificate. @default host */
  readonly name?: string;
  /** Whether it uses TLS. @default false */
  readonly tls?: boolean;
  /** The certificate of the stack's own authority. @default those that Node trusts */
  readonly authority?: string;
  /** Headers of each request, such as an API key. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An agent for the connections to a gateway. */
export const agentOf = ({ tls, authority }: Target, options: http.AgentOptions): http.Agent =>
  tls ? new https.Agent({ ...options, ...defined({ ca: authority }) }) : new http.Agent(options);

/**
 * Sends one request. Returns a 2xx status after the whole answer. Returns another status with the
 * start of the body, or the error.
 */
export async function send(
  { host = "localhost", port, name, tls, headers }: Target,
  { body, ...shape }: Shape,
  agent: http.Agent | false,
): Promise<string> {
  const sent = (tls ? https : http).request({
    ...{ host, ...(host === "localhost" ? { family: 4 } : {}), port, agent, timeout: 10_000 },
    ...(tls ? defined({ servername: name }) : {}),
    ...shape,
    headers: { ...headers, ...shape.headers },
  });
  sent.on("timeout", () => sent.destroy(new Error("no answer in 10 s")));
  // Once the head of an answer has arrived, errors are events of the answer.
  sent.on("error", () => {});
  sent.end(body);
  try {
    const [response] = await once(sent, "response");
    const answer = await text(response).catch((error) => {
      throw new Error(`incomplete answer: ${error.message}`);
    });
    const { statusCode: status } = response;
    return status >= 200 && status < 300 ? String(status) : `${status} ${answer.slice(0, 120)}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}

/** A request. */
export interface Shape {
  readonly path: string;
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** The status of an answer, or the error. */
export const kindOf = (outcome: string): string => /^\d{3}/.exec(outcome)?.[0] ?? outcome;

/** Adds one to a kind of outcome. */
export function count(counts: Record<string, number>, kind: string): void {
  counts[kind] = (counts[kind] ?? 0) + 1;
}
