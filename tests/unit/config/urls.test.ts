/** Tests the printed URLs. */
import { expect, it } from "vitest";
import { resolveSystem } from "../../../config/resolve.ts";

const urls = (exposure: string, host: { readonly name?: string }) =>
  resolveSystem(
    { system: "full", services: { gateway: { exposure, port: 8080 } } },
    { project: "ragdock", stack: "test", secrets: new Set(), host },
  ).urls;

it("name a remote host if the port is open to everyone, and localhost otherwise", () => {
  const remote = { name: "rag.example.com" };
  expect(urls("public", remote)).toMatchObject({
    ui: "http://rag.example.com:8080/",
    prometheus: "http://localhost:9090",
  });
  expect(urls("loopback", remote).ui).toBe("http://localhost:8080/");
  expect(urls("public", {}).ui).toBe("http://localhost:8080/");
});
