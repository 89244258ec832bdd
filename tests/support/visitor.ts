/** A program that uses a stack with TLS and a sign-in, as browsers do. */
import { type Agent, request } from "node:https";
import { connect } from "node:tls";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

interface Where {
  /** @default this host */
  readonly host?: string;
  /** Keeps connections open. @default a connection for each request */
  readonly agent?: Agent;
}

/** The fields that bind the form to one browser. */
interface Form {
  readonly host: string;
  readonly token: string;
  readonly cookies: string;
}

export class Visitor {
  private readonly port: number;
  private readonly where: Where;
  /** The certificate of the authority that it trusts. */
  authority = "";

  constructor(port: number, where: Where = {}) {
    this.port = port;
    this.where = where;
  }

  /** Sends a request over TLS, and checks the certificate as a browser does. */
  send(path: string, { method = "GET", headers = {}, body }: Sent = {}): Promise<Reply> {
    const to = { host: "127.0.0.1", agent: false, ...this.where, port: this.port };
    const options = { ...to, servername: "localhost", ca: this.authority, path, method };
    return new Promise((resolve, reject) => {
      const host = `localhost:${this.port}`;
      const sent = request({ ...options, headers: { host, ...headers } }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
        );
      });
      sent.on("error", reject).end(body);
    });
  }

  /** Returns the names of the certificate that the ingress presents to a client. */
  presented(servername: string): Promise<string> {
    const to = { host: "127.0.0.1", port: this.port, servername, rejectUnauthorized: false };
    return new Promise((resolve, reject) => {
      const socket = connect(to, () => {
        resolve(socket.getPeerCertificate().subjectaltname ?? "");
        socket.destroy();
      });
      socket.on("error", reject);
    });
  }

  /** Opens the form to sign in, under a host name. */
  async form(host = `localhost:${this.port}`): Promise<Form> {
    const page = await this.send("/.ragdock/sign-in", { headers: { host } });
    const token = /name="token" value="([^"]+)"/.exec(page.body)?.[1] ?? "";
    return { host, token, cookies: cookiesOf(page) };
  }

  /** Sends the form. */
  submit({ host, token, cookies }: Form, name: string, password: string): Promise<Reply> {
    return this.send("/.ragdock/sign-in", {
      method: "POST",
      headers: { host, "Content-Type": "application/x-www-form-urlencoded", Cookie: cookies },
      body: new URLSearchParams({ name, password, token, next: "/" }).toString(),
    });
  }

  /** Signs in with the form, under a host name. Returns the cookies of the session. */
  async signIn(name: string, password: string, host?: string): Promise<{ reply: Reply; cookies: string }> {
    const form = await this.form(host);
    const reply = await this.submit(form, name, password);
    return { reply, cookies: `${form.cookies}; ${cookiesOf(reply)}` };
  }

  /** Uploads a document. */
  upload(name: string, text: string, headers: Record<string, string>): Promise<Reply> {
    const boundary = "----ragdock";
    const body = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--${boundary}--\r\n`;
    const type = { "Content-Type": `multipart/form-data; boundary=${boundary}` };
    return this.send("/api/documents", { method: "POST", headers: { ...type, ...headers }, body });
  }
}

const cookiesOf = (reply: Reply): string =>
  [reply.headers["set-cookie"] ?? []]
    .flat()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
