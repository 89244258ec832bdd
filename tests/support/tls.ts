/** Clients of an ingress with TLS, which accept any certificate. */
import { connect as connectHttp2 } from "node:http2";
import { type Agent, request } from "node:https";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";

/** The host name that the clients send. */
export const domain = "rag.example.org";

/** Connects with TLS. Returns the connection after the handshake. */
export const handshake = (host: string, options: ConnectionOptions = {}): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const asked = { host, port: 8080, servername: domain, rejectUnauthorized: false, ...options };
    const socket = connectTls(asked, () => resolve(socket));
    socket.on("error", reject);
  });

/** The names in the certificate that a new connection gets. */
export async function namesAt(host: string): Promise<string> {
  const socket = await handshake(host);
  const { subjectaltname = "" } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Milliseconds until the first part of the body. */
  readonly first: number;
}

/** Sends a request over HTTP/2. */
export function over2(
  host: string,
  path: string,
  { method = "GET", headers = {}, body }: { method?: string; headers?: object; body?: Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://${domain}`, {
      createConnection: () =>
        connectTls({
          host,
          port: 8080,
          servername: domain,
          rejectUnauthorized: false,
          ALPNProtocols: ["h2"],
        }),
    });
    session.on("error", reject);
    const begun = performance.now();
    // Like browsers, this omits port 443.
    const names = { ":authority": domain, ":path": path, ":method": method };
    const stream = session.request({ ...names, ...headers });
    let [status, first, text] = [0, 0, ""];
    let received: Answer["headers"] = {};
    stream.setEncoding("utf8");
    stream.on("response", (head) => {
      status = head[":status"] ?? 0;
      received = head;
    });
    stream.on("data", (part: string) => {
      first ||= performance.now() - begun;
      text += part;
    });
    stream.on("error", reject);
    stream.on("end", () => {
      session.close();
      resolve({ status, headers: received, body: text, first });
    });
    stream.end(body);
  });
}

/** Returns the bytes of a GET over HTTP/2 with any headers. Node refuses some of them. */
export function frames(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer =>
    Buffer.concat([Buffer.of(0, 0, payload.length, type, flags, 0, 0, 0, stream), payload]);
  const all = { ":method": "GET", ":scheme": "https", ":authority": domain, ...headers };
  // A field that is not in the compression table and must not be added to it (RFC 7541, 6.2.2).
  const fields = Object.entries(all).map(([name, value]) =>
    Buffer.concat([Buffer.of(0), text(name), text(value)]),
  );
  const [settings, endOfHeaders, endOfStream] = [4, 4, 1];
  const begin = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const request = frame(1, endOfHeaders | endOfStream, 1, Buffer.concat(fields));
  return Buffer.concat([begin, frame(settings, 0, 0, Buffer.alloc(0)), request]);
}

/** Sends a POST request. Returns the status of the answer, or the error. */
export function post(host: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const options = {
      host,
      port: 8080,
      path: "/api/query",
      method: "POST",
      agent,
      rejectUnauthorized: false,
    };
    const sent = request({ ...options, servername: domain }, (response) => {
      response.resume().on("end", () => resolve(String(response.statusCode)));
    });
    sent.on("error", (error) => resolve(error.message)).end("a question");
  });
}
