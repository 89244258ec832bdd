import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";

/** What `npm publish` sends. */
interface Published {
  readonly _attachments?: Readonly<Record<string, { readonly data: string }>>;
}

/**
 * An npm registry on this host. It serves what was published to it, and redirects requests for all
 * other packages to the registry that npm uses here.
 */
export class NpmRegistry {
  readonly url: string;
  readonly #port: number;
  readonly #server: Server;
  readonly #documents = new Map<string, Published>();
  readonly #files = new Map<string, Buffer>();

  /** @param others the registry with all other packages */
  constructor(port: number, others: string) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}/`;
    this.#server = createServer(async (request, response) => {
      const path = request.url ?? "";
      const name = path.split("/")[1] ?? "";
      if (request.method === "PUT") {
        const { _attachments = {}, ...document } = (await json(request)) as Published;
        for (const [file, { data }] of Object.entries(_attachments))
          this.#files.set(`/${name}/-/${file}`, Buffer.from(data, "base64"));
        this.#documents.set(name, document);
        response.writeHead(201, { "Content-Type": "application/json" }).end("{}");
        return;
      }
      const found = this.#files.get(path) ?? this.#documents.get(name);
      if (found === undefined)
        response.writeHead(302, { Location: new URL(path.slice(1), others).href }).end();
      else response.end(found instanceof Buffer ? found : JSON.stringify(found));
    });
  }

  /** The lines of an .npmrc that use this registry. npm publishes nothing without a login. */
  get npmrc(): string {
    return `registry=${this.url}\n${this.url.replace("http:", "")}:_authToken=any\n`;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
