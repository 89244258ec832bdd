/** Tries every connection between the containers of the stack, and compares it with what is declared. */
import { expect, it } from "vitest";
import { expectDeclared } from "../../support/connections.ts";
import { inside } from "../../support/observe.ts";
import { settings, stack } from "./context.ts";

it("connects the services as declared, and no others", () => expectDeclared(stack, settings));

it("lets the UI query Prometheus through the gateway, and nothing else", async () => {
  const get = (path: string, data = ""): Promise<{ code: number; output: string }> => {
    const url = `http://gateway:8081${path}`;
    const body = data ? `, data=b"${data}"` : "";
    const script = `import urllib.request as u; print(u.urlopen("${url}"${body}, timeout=5).read(200).decode())`;
    return inside(stack, "ui", "python3", "-c", script);
  };
  expect((await get("/prometheus/api/v1/query?query=up")).output).toContain('"status":"success"');
  for (const path of [
    "/prometheus/api/v1/status/config",
    "/prometheus/api/v1/query/../status/config",
    "/prometheus/api/v1/query%2f..%2fstatus%2fconfig",
    "/prometheus/api/v1/targets",
    "/prometheus/metrics",
    "/prometheus/-/healthy",
    "/prometheus/",
  ])
    expect((await get(path)).output, path).toContain("HTTP Error 404");
  expect((await get("/prometheus/api/v1/query", "query=up")).output).toContain("HTTP Error 403");
});
