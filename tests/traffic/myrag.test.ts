/** Tests that a rotation of the password of myrag's database loses no request. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { underTraffic } from "../../tools/traffic.ts";
import { TestStack } from "../support/stack.ts";

const port = 28_030;
const settings = {
  system: "myrag",
  images: "packages",
  services: { nginx: { port }, prometheus: { port: 28_031 } },
};
const stack = new TestStack("e2e-traffic-myrag", settings);

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
});
afterAll(() => stack.remove());

it("none of 50 requests a second fails during a rotation of the database's password", async () => {
  const seen = await underTraffic({ port }, async () => {
    const { code, output } = await stack.make("rotate", "--secret", "pgvector");
    expect(code, output).toBe(0);
  });
  expect(seen.failures, JSON.stringify(seen.failures)).toEqual({});
});
