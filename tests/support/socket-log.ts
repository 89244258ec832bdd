import { connect, createServer, type Server, type Socket } from "node:net";

/** A socket that forwards everything to Docker, and records the requests. */
export class SocketLog {
  readonly path: string;
  /** The requests, such as `POST /grpc Go-http-client/1.1`. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  static async listen(path: string, target = "/var/run/docker.sock"): Promise<SocketLog> {
    // Docker ends a stream in one direction, but still answers in the other direction.
    const server = createServer({ allowHalfOpen: true });
    const log = new SocketLog(path, server);
    server.on("connection", (client) => log.#pass(client, connect({ path: target, allowHalfOpen: true })));
    await new Promise<void>((done) => server.listen(path, done));
    return log;
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
  }

  #pass(client: Socket, docker: Socket): void {
    const requests =
      /^((?:GET|POST|HEAD|PUT|DELETE) \S+) HTTP\/1\.1\r\n(?:(?!\r\n).*\r\n)*?User-Agent: (.*)\r\n/gim;
    client.on("data", (data) => {
      for (const [, request, agent] of data.toString("latin1").matchAll(requests))
        this.requests.push(`${request} ${agent}`);
    });
    for (const [from, to] of [
      [client, docker],
      [docker, client],
    ] as const) {
      this.#open.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy()).on("close", () => this.#open.delete(from));
    }
  }
}
