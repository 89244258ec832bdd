import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { refused } from "../../../cli/on-swarm.ts";

const guide = readFileSync(new URL("../../../docs/guide/several-machines.md", import.meta.url), "utf8");

it.each(Object.keys(refused))("the guide of several machines says that %s is refused", (command) => {
  const [, table = ""] = guide.split("## What is refused");
  expect(table.split("\n## ")[0]).toContain(`\`${command}\``);
});
