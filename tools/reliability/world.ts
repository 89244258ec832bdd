import { setTimeout } from "node:timers/promises";
import { isWell } from "../../host/docker.ts";
import type { Checkout } from "../bench/checkout.ts";

/** Seconds after which a stack that has not recovered counts as broken. */
const patience = 300;

/** The documents that were acknowledged before, and those of them that are ready afterwards. */
export interface Documents {
  readonly acknowledged: number;
  readonly found: number;
}

/** A running stack with documents. It must keep every acknowledged document. */
export class World {
  readonly checkout: Checkout;
  private readonly acknowledged: string[] = [];

  constructor(checkout: Checkout) {
    this.checkout = checkout;
  }

  /** Uploads a document. A document counts as acknowledged after a 201 or 202. */
  async upload(): Promise<void> {
    const number = this.acknowledged.length + 1;
    const text = `Crate ${number} of ${Date.now()} holds ${number} brass lanterns.`;
    const response = await this.post(new File([text], `crate-${number}.txt`, { type: "text/plain" }));
    if (![201, 202].includes(response.status))
      throw new Error(`upload: ${response.status} ${await response.text()}`);
    this.acknowledged.push(((await response.json()) as { id: string }).id);
  }

  /** Waits until the whole stack is healthy and ready. Returns the seconds that it took. */
  async healed(): Promise<number> {
    const begun = performance.now();
    const seconds = (): number => (performance.now() - begun) / 1000;
    while (!(await this.isWhole())) {
      if (seconds() > patience) throw new Error(`not healthy again after ${patience} s`);
      await setTimeout(250);
    }
    return seconds();
  }

  /** Waits at most two minutes for documents that are being ingested. */
  async documents(): Promise<Documents> {
    const end = Date.now() + 120_000;
    for (;;) {
      const ready = await this.readyDocuments();
      const found = this.acknowledged.filter((id) => ready.has(id)).length;
      if (found === this.acknowledged.length || Date.now() > end)
        return { acknowledged: this.acknowledged.length, found };
      await setTimeout(1000);
    }
  }

  /** Uploads a file. */
  post(file: File): Promise<Response> {
    const body = new FormData();
    body.set("file", file);
    return this.checkout.fetch("/documents", { method: "POST", body });
  }

  /** Asks a question. Returns the status of the answer. */
  async ask(): Promise<number> {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ question: "What does crate 1 hold?", k: 1 });
    return (await this.checkout.fetch("/query", { method: "POST", headers, body })).status;
  }

  /** Returns the ids of the ready documents. A document without a state is ready. */
  private async readyDocuments(): Promise<Set<string>> {
    const response = await this.checkout.fetch("/documents?limit=500").catch(() => undefined);
    if (!response?.ok) return new Set();
    const { documents } = (await response.json()) as { documents: { id: string; state?: string }[] };
    return new Set(documents.filter(({ state }) => (state ?? "ready") === "ready").map(({ id }) => id));
  }

  private async isWhole(): Promise<boolean> {
    if (!(await this.checkout.containers()).every(isWell)) return false;
    const signal = AbortSignal.timeout(5000);
    const ready = await this.checkout.fetch("/ready", { signal }).catch(() => undefined);
    return ready?.status === 200;
  }
}

/** A fault that a run causes on purpose. */
export interface Fault {
  readonly name: string;
  /** Ragdock's promise to the user for this fault. */
  readonly promise: string;
  /**
   * Causes the fault. If the stack does not recover without help, repairs it as a user would.
   * Returns the user's messages.
   */
  readonly strike: (world: World) => Promise<string>;
}
