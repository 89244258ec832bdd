import type { Checkout } from "./checkout.ts";
import type { ComposeProject } from "./compose-tool.ts";
import { type Ran, say, secondsOf } from "./measure.ts";
import type { Results, Topic } from "./results.ts";

/**
 * The number of measurements of an unchanged `make up` and of a preview in one round. Their times
 * are short and vary most.
 */
const shortOnes = 2;

/**
 * Measures everyday commands in rounds. In each round, Ragdock and Compose take turns on the same
 * ports.
 */
export class Rounds {
  private readonly checkout: Checkout;
  private readonly compose: ComposeProject | undefined;
  private readonly results: Results;
  private composeIsNew = true;

  constructor(checkout: Checkout, compose: ComposeProject | undefined, results: Results) {
    this.checkout = checkout;
    this.compose = compose;
    this.results = results;
  }

  /** Runs one round. Before and after it, Ragdock's stack is up and its source is not edited. */
  async round(): Promise<void> {
    const { checkout } = this;
    const images = await checkout.builtImages();
    this.record("edit", "ours", await checkout.edited(() => checkout.make("up")));
    await checkout.recordEdited(images);
    secondsOf("make down", await checkout.make("down"));
    if (this.compose) await this.composeTurn(this.compose);
    this.record("warm", "ours", await checkout.make("up"));
    for (let i = 0; i < shortOnes; i++) {
      this.record("unchanged", "ours", await checkout.make("up"));
      this.record("preview", "ours", await checkout.make("preview"));
    }
  }

  private async composeTurn(compose: ComposeProject): Promise<void> {
    try {
      const start = await compose.up();
      // The first `up` creates the volumes and builds the application, so it is no warm start.
      if (this.composeIsNew) secondsOf("compose up", start);
      else this.record("warm", "compose", start);
      this.composeIsNew = false;
      for (let i = 0; i < shortOnes; i++) {
        this.record("unchanged", "compose", await compose.up());
        this.record("preview", "compose", await compose.up("--dry-run"));
      }
      this.record("edit", "compose", await this.checkout.edited(() => compose.up()));
    } finally {
      await compose.down();
    }
  }

  private record(topic: Topic, whose: "ours" | "compose", ran: Ran): void {
    const seconds = secondsOf(`${topic} (${whose})`, ran);
    this.results.pairs[topic][whose].push(seconds);
    say(`  ${topic}, ${whose === "ours" ? "Ragdock" : "Compose"}: ${seconds.toFixed(1)} s`);
  }
}
