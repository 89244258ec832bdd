import { eventually } from "../../tools/eventually.ts";

/** A document in an answer of the API. */
export interface Document {
  readonly id: string;
  readonly state: "queued" | "ingesting" | "ready" | "failed";
  readonly chunks: number;
  readonly reason?: string | null;
}

/** An answer with its sources. */
export interface Answer {
  readonly answer: string;
  readonly sources: readonly { document: string; chunk: unknown; text: string; score: number }[];
  readonly timings: Record<string, number>;
}

/** A client of the API behind a gateway. */
export class Rag {
  readonly base: string;

  constructor(port: number, host = "127.0.0.1") {
    this.base = `http://${host}:${port}`;
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.base}${path}`, init);
  }

  send(name: string, type: string, body: string | Uint8Array): Promise<Response> {
    const form = new FormData();
    form.set("file", new Blob([body as string], { type }), name);
    return this.get("/api/documents", { method: "POST", body: form });
  }

  /** Uploads a document and waits until the worker has processed it. */
  async upload(name: string, type: string, body: string | Uint8Array): Promise<Document> {
    const response = await this.send(name, type, body);
    if (response.status !== 202) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    const { id } = (await response.json()) as { id: string };
    return eventually(async () => {
      const document = await this.document(id);
      return document.state === "ready" || document.state === "failed" ? document : undefined;
    });
  }

  /** Names of the documents, without those of the traffic. */
  async names(): Promise<string[]> {
    const { documents } = (await (await this.get("/api/documents?limit=50")).json()) as {
      documents: { name: string }[];
    };
    const names = documents.map(({ name }) => name);
    return names.filter((name) => !name.startsWith("load-")).sort();
  }

  async document(id: string): Promise<Document> {
    return (await (await this.get(`/api/documents/${id}`)).json()) as Document;
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.get(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  async ask(question: string, k = 3): Promise<Answer> {
    const response = await this.post("/api/query", { question, k });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}

/** Returns a one-page PDF with one line of text, without a PDF library. */
export function pdf(text: string): Uint8Array {
  const stream = `BT /F1 12 Tf 72 720 Td (${text.replaceAll(/[()\\]/g, "\\$&")}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let body = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const xref = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`;
  return new TextEncoder().encode(
    `${body}${xref}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`,
  );
}
