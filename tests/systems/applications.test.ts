/**
 * Builds applications without a Dockerfile and starts them, and lets others fail in all the ways
 * that public applications did. tests/slow/applications.test.ts has the kinds with many packages.
 */
import { afterAll, describe, expect, it } from "vitest";
import { inside } from "../support/observe.ts";
import { unwatched } from "../support/program.ts";
import { docker, TestStack } from "../support/stack.ts";

const folder = "tests/support/fixtures/applications";
const port = 18_630;
const stack = new TestStack("e2e-builds", {});
afterAll(() => stack.remove());

const configure = (apps: Record<string, unknown>): void =>
  stack.configure({
    system: "full",
    images: "packages",
    apps,
    services: { gateway: { port }, ...unwatched },
  });

const built = (name: string, more: Record<string, unknown> = {}) => ({
  source: `${folder}/${name}`,
  port: 8000,
  healthcheck: { path: "/health" },
  ...more,
});

const answer = async (path: string): Promise<unknown> =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).json();

const working = {
  flask: built("flask-pip", { route: "/" }),
  shop: built("fastapi-uv"),
  node: built("node-express"),
};

/** What a message has to contain, by the application that fails. */
const messages: Readonly<Record<string, readonly RegExp[]>> = {
  module: [
    /^module \(\S+\) is \w+: ModuleNotFoundError: No module named 'no_such_package'\n {2}Fix: Add the package/m,
  ],
  variable: [
    /^variable \(\S+\) is \w+: KeyError: 'OPENAI_API_KEY'\n {2}Fix: The application needs the variable OPENAI/m,
  ],
  forbidden: [/^forbidden \(\S+\) is \w+: PermissionError: .*'\/srv\/index'\n {2}Fix: .*path: \/srv\/index/m],
  unready: [
    /^unready \(\S+\) is (?:starting|unhealthy): http:\S+ answers 503: \{"detail": "the model small-1 is missing"\}/m,
  ],
  slow: [
    /^slow \(\S+\) is \w+: RuntimeError: the model does not fit\n/m,
    /It crashed [23] times and was never healthy, so it was removed/,
  ],
  compiler: [
    /^The image app-compiler could not be built: the package ujson could not be built: .*g\+\+.*\n {2}Step: RUN pip install .*\n {2}Fix: .*apt-get install -y build-essential/m,
  ],
};

describe("an application that fails", () => {
  const failing = (name: string, more: Record<string, unknown> = {}) => ({
    source: `${folder}/failing`,
    command: ["python", `${name}.py`],
    ...more,
  });

  it("without its entry point is refused before anything is built", async () => {
    configure({ web: built("flask-pip", { route: "/", module: "main:app" }) });
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain('ragdock:apps.web.module: found "main:app"; the folder has no main.py');
    expect(output).toMatch(/Set ragdock:apps\.web\.module to app:app in \S/);
  });

  it("gets a message with its cause in the first line, and what to do", async () => {
    configure({
      ...working,
      module: failing("missing_module"),
      variable: failing("missing_variable"),
      forbidden: failing("forbidden_folder"),
      unready: failing("not_ready", { port: 8000, healthcheck: { path: "/health", startPeriod: "5s" } }),
      slow: failing("slow_crash", { port: 8000, healthcheck: { path: "/health", startPeriod: "3m" } }),
      compiler: { source: `${folder}/failing-build`, command: ["true"] },
    });
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    for (const patterns of Object.values(messages))
      for (const pattern of patterns) expect(output).toMatch(pattern);
    // The others run.
    expect(await answer("/health")).toMatchObject({ user: 10_001 });
  });
});

describe("applications without a Dockerfile", () => {
  it("are built, started, and reached through the gateway", async () => {
    configure(working);
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    for (const says of [
      "app-flask: Flask application",
      "app-shop: FastAPI application",
      "app-node: Node application",
    ])
      expect(output).toContain(says);
    // The application writes into its working folder and into its home.
    expect(await answer("/health")).toEqual({ user: 10_001, home: "/home/app" });
    const ask = (host: string) =>
      inside(
        stack,
        "flask",
        "python",
        "-c",
        `import urllib.request as u; print(u.urlopen('http://${host}:8000/health').read())`,
      );
    expect((await ask("127.0.0.1")).output).toContain("home");
    const node = await inside(stack, "node", "node", "-e", "console.log(process.version, process.env.HOME)");
    expect(node.output.trim()).toMatch(/^v24\.\d+\.\d+ \/home\/app$/);
    const shop = await inside(
      stack,
      "shop",
      "python",
      "-c",
      "from importlib.metadata import version; print(version('shop'))",
    );
    expect(shop.output.trim()).toBe("1.0");
  });

  it("have the bytecode of their packages, which their user cannot write", async () => {
    const found = "import importlib.util as u, os; print(os.path.exists(u.find_spec('%').cached))";
    for (const [name, module] of [
      ["flask", "flask"],
      ["shop", "fastapi"],
    ] as const) {
      const { output } = await inside(stack, name, "python", "-c", found.replace("%", module));
      expect(output.trim(), name).toBe("True");
    }
  });

  it("have no compiler", async () => {
    for (const name of ["flask", "shop", "node"]) {
      const { output } = await inside(stack, name, "sh", "-c", "command -v gcc cc make || echo none");
      expect(output.trim()).toBe("none");
    }
  });

  it("stop when they are asked to", async () => {
    for (const [name, code] of [
      ["flask", "0"],
      ["node", "143"],
    ] as const) {
      const id = await stack.container(name);
      await docker("stop", "--time", "20", id);
      expect((await docker("inspect", "--format", "{{.State.ExitCode}}", id)).trim()).toBe(code);
    }
  });
});
