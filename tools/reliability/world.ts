import { isWell } from "../../host/docker.ts";
import type { Checkout } from "../bench/checkout.ts";

/** Seconds after which a stack that has not recovered counts as broken. */
const patience = 300;

/** A running stack with documents. It must keep every acknowledged document. */
export class World {
  readonly checkout: Checkout;
  private readonly acknowledged: string[] = [];

  constructor(checkout: Checkout) {
    this.checkout = checkout;
  }

  /** Uploads a document. It counts as acknowledged after a 201 or 202. */
  async upload(): Promise<void> {
    const form = new FormData();
    const number = this.acknowledged.length + 1;
    const text = `Crate ${number} of ${Date.now()} holds ${number} brass lanterns.`;
    form.set("file", new Blob([text], { type: "text/plain" }), `crate-${number}.txt`);
    const response = await fetch(`${this.url}/api/documents`, { method: "POST", body: form });
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
      await new Promise((wait) => setTimeout(wait, 250));
    }
    return seconds();
  }

  /**
   * Waits for documents in work. Returns the number of acknowledged documents, and of those that
   * are ready.
   */
  async documents(): Promise<{ acknowledged: number; found: number }> {
    const end = Date.now() + 120_000;
    for (;;) {
      const ready = await this.ready();
      const found = this.acknowledged.filter((id) => ready.has(id)).length;
      if (found === this.acknowledged.length || Date.now() > end)
        return { acknowledged: this.acknowledged.length, found };
      await new Promise((wait) => setTimeout(wait, 1000));
    }
  }

  /** Returns the ids of the ready documents. A document without a state is ready. */
  private async ready(): Promise<Set<string>> {
    const response = await fetch(`${this.url}/api/documents?limit=500`).catch(() => undefined);
    if (!response?.ok) return new Set();
    const { documents } = (await response.json()) as { documents: { id: string; state?: string }[] };
    return new Set(documents.filter(({ state }) => (state ?? "ready") === "ready").map(({ id }) => id));
  }

  private async isWhole(): Promise<boolean> {
    const containers = await this.checkout.containers();
    if (!containers.every(isWell)) return false;
    const ready = await fetch(`${this.url}/api/ready`, { signal: AbortSignal.timeout(5000) }).catch(
      () => undefined,
    );
    return ready?.status === 200;
  }

  private get url(): string {
    return `http://127.0.0.1:${this.checkout.port}`;
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
