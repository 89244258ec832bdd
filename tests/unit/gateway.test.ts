import { describe, expect, it } from "vitest";
import { renderNginx } from "../../config/services/gateway.ts";

describe("nginx.conf", () => {
  const conf = renderNginx(
    [
      { path: "/api/", service: "rag-api", port: 8000 },
      { path: "/", service: "ui", port: 8501 },
    ],
    "gateway",
  );

  it("looks every upstream up at each request: a name in proxy_pass itself is resolved once", () => {
    const targets = [...conf.matchAll(/proxy_pass (\S+);/g)].map((match) => match[1]);
    expect(targets).toEqual(["http://$upstream_rag_api:8000", "http://$upstream_ui:8501"]);
    expect(conf).toContain("set $upstream_rag_api {{release:rag-api}};");
  });

  it("gives a dead address up far below a second and tries the next one", () => {
    expect(conf).toContain("proxy_connect_timeout 300ms;");
    expect(conf).toContain("proxy_next_upstream error timeout;");
  });

  it("keeps metrics inside: no route leads to them", () => {
    expect(conf).not.toMatch(/location [^{]*metrics/);
  });
});
