import { isWell } from "../../host/docker.ts";
import type { Checkout } from "../bench/checkout.ts";

/** Seconds after which something that has not healed counts as broken. */
const patience = 300;

/** A running stack with documents in it, of which every one that was acknowledged has to stay. */
export class World {
  readonly checkout: Checkout;
  private readonly acknowledged: string[] = [];

  constructor(checkout: Checkout) {
    this.checkout = checkout;
  }

  /** Uploads a document; what gets a 201 or a 202 counts from then on. */
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

  /** Waits until all is healthy and ready; the seconds it took. */
  async healed(): Promise<number> {
    const begun = performance.now();
    const seconds = (): number => (performance.now() - begun) / 1000;
    while (!(await this.isWhole())) {
      if (seconds() > patience) throw new Error(`not healthy again after ${patience} s`);
      await new Promise((wait) => setTimeout(wait, 250));
    }
    return seconds();
  }

  /** How many acknowledged documents there are, and how many of them are there and ready, waiting for those in work. */
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

  /** The documents that are ready; where they have no state they are, once they are there. */
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

/** Something that goes wrong, done on purpose. */
export interface Fault {
  readonly name: string;
  /** What a user is promised of it. */
  readonly promise: string;
  /** Lets it happen and, where it does not mend itself, mends it as a user would; what the user is told on the way. */
  readonly strike: (world: World) => Promise<string>;
}
