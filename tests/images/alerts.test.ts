/** Sends an alert through Alertmanager to a secret webhook, and looks for the secret in its pages. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { docker } from "../../host/docker.ts";
import { eventually } from "../../tools/eventually.ts";
import type { TestContainer } from "../support/docker.ts";
import { serviceOf, systemWith } from "../support/program.ts";
import { ServiceContainers } from "../support/service-container.ts";

const canary = "canary-of-the-webhook";
const containers = new ServiceContainers();
const asked: string[] = [];
let server: Server;
let alertmanager: TestContainer;

beforeAll(async () => {
  await containers.begin();
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end();
  });
  await new Promise<void>((listening) => server.listen(0, listening));
  const format = "{{range .IPAM.Config}}{{.Gateway}}{{end}}";
  const host = (await docker("network", "inspect", "--format", format, containers.network)).trim();
  const { port } = server.address() as AddressInfo;
  const spec = serviceOf(systemWith({}, { secrets: new Set(["alertWebhook"]) }), "alertmanager");
  alertmanager = await containers.start(spec, { "alert-webhook": `http://${host}:${port}/${canary}` });
  await alertmanager.healthy(spec.healthcheck.test.slice(1));
});
afterAll(async () => {
  server?.close();
  await containers.end();
});

it("sends an alert to a secret webhook", async () => {
  const alert = JSON.stringify([{ labels: { alertname: "PostgresDown", service: "postgres" } }]);
  const url = "http://127.0.0.1:9093/api/v2/alerts";
  const post = ["wget", "-q", "-O", "-", "--header", "Content-Type: application/json"];
  await alertmanager.exec(...post, "--post-data", alert, url);
  await eventually(async () => (asked.length > 0 ? true : undefined), 60);
  expect(asked[0]).toBe(`/${canary}`);
});

it("shows the secret neither in its status, nor in its log, nor to docker inspect", async () => {
  const get = (path: string) => alertmanager.exec("wget", "-q", "-O", "-", `http://127.0.0.1:9093${path}`);
  expect(await get("/api/v2/status")).toContain("url_file: /run/secrets/alert-webhook");
  const texts = [await get("/api/v2/status"), await get("/metrics"), await alertmanager.logs()];
  for (const text of [...texts, await docker("inspect", alertmanager.name)])
    expect(text).not.toContain(canary);
});
