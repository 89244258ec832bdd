import { Agent, request } from "node:http";

/** The results of traffic. */
export interface Seen {
  readonly sent: number;
  /** The number of each kind of failure: a status or a broken connection. */
  readonly failures: Readonly<Record<string, number>>;
  /** The longest time without an answer, in seconds. */
  readonly gap: number;
}

/**
 * Requests a second. Half of them use kept connections and half use new ones. A fifth are writes,
 * and a tenth are streamed answers.
 */
const rate = 50;

/** Sends steady traffic to a gateway while `work` runs, and for `after` more seconds. */
export async function underTraffic(port: number, work: () => Promise<unknown>, after = 3): Promise<Seen> {
  const traffic = new Traffic(port);
  traffic.start();
  try {
    await wait(2);
    await work();
    await wait(after);
  } finally {
    await traffic.stop();
  }
  return traffic.seen();
}

const wait = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));

class Traffic {
  private readonly port: number;
  private readonly kept = new Agent({ keepAlive: true, maxSockets: 20 });
  private readonly failures: Record<string, number> = {};
  private readonly running = new Set<Promise<void>>();
  private sent = 0;
  private gap = 0;
  private last = performance.now();
  private timer: NodeJS.Timeout | undefined;

  constructor(port: number) {
    this.port = port;
  }

  start(): void {
    this.last = performance.now();
    this.timer = setInterval(() => {
      const one = this.one(this.sent++).finally(() => this.running.delete(one));
      this.running.add(one);
    }, 1000 / rate);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.running);
    this.kept.destroy();
  }

  seen(): Seen {
    return { sent: this.sent, failures: this.failures, gap: this.gap / 1000 };
  }

  private async one(number: number): Promise<void> {
    const outcome = await this.send(number);
    const now = performance.now();
    if (/^2\d\d$/.test(outcome)) {
      this.gap = Math.max(this.gap, now - this.last);
      this.last = now;
    } else {
      this.failures[outcome] = (this.failures[outcome] ?? 0) + 1;
    }
  }

  /** Sends one request. Returns the status after the whole answer, or the error. */
  private send(number: number): Promise<string> {
    const { path, method, headers, body } = shape(number);
    return new Promise((done) => {
      const agent = number % 2 === 0 ? this.kept : false;
      const options = { host: "127.0.0.1", port: this.port, path, method, headers, agent, timeout: 10_000 };
      const sent = request(options, (response) => {
        response.on("error", (error) => done(`incomplete answer: ${error.message}`));
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("end", () => done(outcome(response.statusCode ?? 0, body)));
      });
      sent.on("timeout", () => sent.destroy(new Error("no answer in 10 s")));
      sent.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
      sent.end(body);
    });
  }
}

/** Returns a 2xx status, or any other status with the start of its body. */
const outcome = (status: number, body: string): string =>
  status >= 200 && status < 300 ? String(status) : `${status} ${body.slice(0, 120)}`;

interface Shape {
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Returns one of ten requests, which repeat. */
function shape(number: number): Shape {
  const ask = JSON.stringify({ question: "Where is the spare mirror kept?", k: 2 });
  const json = { "content-type": "application/json" };
  switch (number % 10) {
    case 0:
      return {
        path: "/api/query",
        method: "POST",
        headers: { ...json, accept: "text/event-stream" },
        body: ask,
      };
    case 1:
    case 2:
      return upload(number);
    case 3:
    case 4:
      return { path: "/api/query", method: "POST", headers: json, body: ask };
    default:
      return { path: "/api/documents", method: "GET", headers: {}, body: "" };
  }
}

/**
 * Returns the upload of one of three small documents. After the first upload, the API answers that
 * it has the document.
 */
function upload(number: number): Shape {
  const line = "------------------------ragdockload";
  const body =
    `--${line}\r\ncontent-disposition: form-data; name="file"; filename="load-${number % 3}.md"\r\n` +
    `content-type: text/markdown\r\n\r\nLoad document ${number % 3}.\r\n--${line}--\r\n`;
  return {
    path: "/api/documents",
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${line}` },
    body,
  };
}
