import { describe, expect, it } from "vitest";
import { renderNginx } from "../../../config/services/nginx.ts";
import { shown } from "../../../config/spec/content.ts";
import { serviceOf, systemWith } from "../../support/program.ts";

describe("a gateway's nginx.conf", () => {
  const conf = shown(
    renderNginx(
      [
        { listen: 8080, path: "/api/", service: "rag-api", port: 8000, hidden: "/api/metrics" },
        { listen: 8080, path: "/", service: "ui", port: 8501 },
      ],
      "gateway",
    ),
  );

  it("looks up every upstream at each request, because nginx resolves a literal name only once", () => {
    const targets = [...conf.matchAll(/proxy_pass (\S+);/g)].map((match) => match[1]);
    expect(targets).toEqual(["http://$upstream_rag_api:8000", "http://$upstream_ui:8501"]);
    expect(conf).toContain("set $upstream_rag_api rag-api;");
  });

  it("waits for a connection for more than a second, after which a lost packet is sent again", () => {
    expect(conf.match(/proxy_connect_timeout \w+;/g)).toEqual(["proxy_connect_timeout 1500ms;"]);
    expect(conf).toContain("proxy_next_upstream error timeout;");
  });

  it("keeps upstream connections open, because an ingress that closes them runs out of ports at 28,000 requests a minute", () =>
    expect(conf).toContain("map $http_upgrade $connection_upgrade { default upgrade; '' close; }"));

  it("answers 404 for metrics", () => {
    expect([...conf.matchAll(/location [^{]*metrics.*/g)].map(([line]) => line)).toEqual([
      "location ~ ^/api/metrics(/|$) { return 404; }",
    ]);
  });

  it("has one server for each port of a route, and one for its own status", () => {
    const two = shown(
      renderNginx(
        [
          { listen: 8080, path: "/", service: "web", port: 80 },
          { listen: 8082, path: "/", service: "admin", port: 81 },
        ],
        "gateway",
      ),
    );
    expect([...two.matchAll(/listen (\d+);/g)].map((match) => match[1])).toEqual(["8080", "8082", "8081"]);
  });
});

describe("an ingress' nginx.conf", () => {
  const conf = shown(renderNginx([{ listen: 8080, path: "/", service: "gateway", port: 8080 }], "ingress"));

  it("sends a request to a gateway that has just reported its readiness", () => {
    expect(conf).toContain("set $gateways gateway;");
    expect(conf).toContain("proxy_pass http://$gateways:8081/gateway;");
    expect(conf).toContain("proxy_pass http://$gateway:8080;");
  });

  it("gives up the address of a replaced gateway in much less than a second, and tries once more", () => {
    const [asks = "", again = ""] = [...conf.matchAll(/location = \/\.ragdock\S+ \{[^}]*\}/g)].map(
      ([text]) => text,
    );
    expect(asks).toContain("proxy_connect_timeout 300ms;");
    expect(asks).toContain("error_page 502 504 = /.ragdock/gateway-again;");
    expect(again).toContain("location = /.ragdock/gateway-again");
    expect(again).not.toContain("proxy_connect_timeout");
  });

  it("trusts X-Forwarded-Proto from a TLS proxy in front", () => {
    expect(conf).toContain("map $http_x_forwarded_proto $forwarded_proto { https https; default $scheme; }");
    expect(conf).toContain("proxy_set_header X-Forwarded-Proto $forwarded_proto;");
  });
});

describe("the largest request", () => {
  const limits = (settings: Record<string, unknown>): (string | undefined)[][] => {
    const system = systemWith(settings);
    return ["ingress", "gateway"].map((name) => {
      const conf = shown(
        serviceOf(system, name).files.find(({ path }) => path === "/etc/nginx/nginx.conf")?.content ?? "",
      );
      return [/client_max_body_size (\w+);/, /at most (\w+ MiB)/].map((pattern) => pattern.exec(conf)?.[1]);
    });
  };
  const api = (environment: Record<string, string>) => ({ services: { api: { environment } } });
  const both = (mebibytes: number) => Array(2).fill([`${mebibytes}m`, `${mebibytes} MiB`]);

  it("is one MiB over the reference application's upload limit", () => {
    expect(limits({})).toEqual(both(26));
    expect(limits(api({ RAG_MAX_UPLOAD_MB: "100" }))).toEqual(both(101));
    expect(limits({ system: "rag-events", ...api({ MAX_UPLOAD_MB: "300" }) })).toEqual(both(301));
  });

  it("does not shrink with a smaller upload limit, and ignores a wrong one, which the application refuses", () => {
    expect(limits(api({ RAG_MAX_UPLOAD_MB: "5" }))).toEqual(both(26));
    expect(limits(api({ RAG_MAX_UPLOAD_MB: "many" }))).toEqual(both(26));
  });

  it("is app.bodySize for an own application", () => {
    const app = { image: "mine:1.0" };
    expect(limits({ app })).toEqual(both(26));
    expect(limits({ app: { ...app, bodySize: "2GiB" } })).toEqual(both(2048));
  });
});
