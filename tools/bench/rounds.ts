import type { Checkout } from "./checkout.ts";
import type { ComposeProject } from "./compose-tool.ts";
import { type Ran, say, secondsOf } from "./measure.ts";
import type { Results, Topic } from "./results.ts";

/** How often an unchanged `make up` and a preview are measured in one round: they are short and vary most. */
const shortOnes = 2;

/** Everyday commands in rounds: in each, Ragdock and Compose take turns on the same ports and meet the same load. */
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

  /** One round; begins and ends with Ragdock's stack up and its source unedited. */
  async round(): Promise<void> {
    const { checkout } = this;
    const images = await checkout.builtImages();
    this.note("edit", "ours", await checkout.edited(() => checkout.make("up")));
    await checkout.noteEdited(images);
    secondsOf("make down", await checkout.make("down"));
    if (this.compose) await this.composeTurn(this.compose);
    this.note("warm", "ours", await checkout.make("up"));
    for (let i = 0; i < shortOnes; i++) {
      this.note("unchanged", "ours", await checkout.make("up"));
      this.note("preview", "ours", await checkout.make("preview"));
    }
  }

  private async composeTurn(compose: ComposeProject): Promise<void> {
    try {
      const start = await compose.up();
      // The first one makes the volumes and builds the application: that is no warm start.
      if (this.composeIsNew) secondsOf("compose up", start);
      else this.note("warm", "compose", start);
      this.composeIsNew = false;
      for (let i = 0; i < shortOnes; i++) {
        this.note("unchanged", "compose", await compose.up());
        this.note("preview", "compose", await compose.up("--dry-run"));
      }
      this.note("edit", "compose", await this.checkout.edited(() => compose.up()));
    } finally {
      await compose.down();
    }
  }

  private note(topic: Topic, whose: "ours" | "compose", ran: Ran): void {
    const seconds = secondsOf(`${topic} (${whose})`, ran);
    this.results.pairs[topic][whose].push(seconds);
    say(`  ${topic}, ${whose === "ours" ? "Ragdock" : "Compose"}: ${seconds.toFixed(1)} s`);
  }
}
