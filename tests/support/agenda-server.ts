import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bridgeAddress } from "./bridge.ts";

/** An event, as far as a test needs it. */
export interface AgendaEvent {
  readonly uid: number;
  readonly title: string;
  readonly longDescription?: string;
}

/** One request that the server got. */
interface Seen {
  readonly status: number;
  /** The cursor of the page. "" for the first one. */
  readonly after: string;
}

/**
 * A small stand-in for the API of Open Agenda, which containers on this host reach: pages with a
 * cursor, a key in a header, and failures on request.
 */
export class AgendaServer {
  events: readonly AgendaEvent[] = [];
  /** The status codes of the next answers, in their order. */
  failures: number[] = [];
  readonly seen: Seen[] = [];
  private readonly server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://agenda");
    const after = searchParams.getAll("after[]").at(-1) ?? "";
    const status = this.statusOf(pathname, String(request.headers.key));
    this.seen.push({ status, after });
    // The pause is short, so that a test does not wait.
    if (status !== 200) send(response, status, { message: "no" }, { "retry-after": "1" });
    else send(response, status, this.page(Number(after || 0)));
  });
  private readonly agenda: number;
  private readonly key: string;
  private readonly size: number;

  /** @param size the number of events of a page */
  constructor(agenda: number, key: string, size: number) {
    this.agenda = agenda;
    this.key = key;
    this.size = size;
  }

  /** Starts the server. Returns its base URL for containers. */
  async start(): Promise<string> {
    await once(this.server.listen(0, "0.0.0.0"), "listening");
    const { port } = this.server.address() as AddressInfo;
    return `http://${await bridgeAddress()}:${port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private statusOf(path: string, key: string): number {
    if (key !== this.key) return 403;
    if (path !== `/v2/agendas/${this.agenda}/events`) return 404;
    return this.failures.shift() ?? 200;
  }

  /** As with the service, the last page has a cursor, too, and the page after it is empty. */
  private page(start: number) {
    const events = this.events.slice(start, start + this.size).map((event) => ({
      ...event,
      timings: [{ begin: "2026-11-28T20:30:00.000Z", end: "2026-11-28T22:00:00.000Z" }],
      timezone: "Europe/Paris",
    }));
    return {
      success: true,
      total: this.events.length,
      events,
      after: events.length > 0 ? [start, start + this.size] : null,
    };
  }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
