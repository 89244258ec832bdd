/**
 * Tests what is recognised in a folder without a Dockerfile, and what is refused. It builds
 * nothing. tests/systems/applications.test.ts and tests/slow/applications.test.ts build
 * applications.
 */
import { describe, expect, it } from "vitest";
import type { Request } from "../../../config/services/source/recognised.ts";
import { type Files, recognised, refused } from "../../support/folder.ts";

const says = (files: Files, request: Partial<Request> = {}): string => recognised(files, request).says;
const commandOf = (files: Files, request: Partial<Request> = {}): string =>
  recognised(files, request).command?.join(" ") ?? "";

describe("the fixtures, one of each kind", () => {
  it.each([
    [
      "flask-pip",
      "Flask application `app` in app.py, served by gunicorn, packages from requirements.txt, Python 3.13 by default",
      "python -m gunicorn --bind 0.0.0.0:{port} --threads 8 --worker-tmp-dir /dev/shm app:app",
    ],
    [
      "fastapi-uv",
      "FastAPI application `app` in src/shop/main.py, served by uvicorn, packages from uv.lock, Python 3.13 from requires-python of pyproject.toml",
      "python -m uvicorn shop.main:app --host 0.0.0.0 --port {port} --app-dir src",
    ],
    [
      "django-poetry",
      "Django application `application` in site_project/wsgi.py, served by gunicorn, packages from poetry.lock, Python 3.13 from pyproject.toml",
      "python -m gunicorn --bind 0.0.0.0:{port} --threads 8 --worker-tmp-dir /dev/shm site_project.wsgi:application",
    ],
    [
      "streamlit-project",
      "Streamlit application Chat.py, served by itself, packages from pyproject.toml, Python 3.13 from requires-python of pyproject.toml",
      "python -m streamlit run Chat.py --server.port {port} --server.address 0.0.0.0 --server.headless true --browser.gatherUsageStats false",
    ],
    [
      "gradio-pip",
      "Gradio application app.py, started by Python, packages from requirements.txt, Python 3.13 by default",
      "python app.py",
    ],
    [
      "node-express",
      "Node application with Express, started by `node server.js`, packages from package-lock.json, Node 24 from engines of package.json",
      "node server.js",
    ],
  ])("%s", (name, sentence, command) => {
    const found = recognised(`tests/support/fixtures/applications/${name}`);
    expect(found.says).toBe(sentence);
    expect(found.command?.join(" ")).toBe(command);
  });
});

const fastapi = "from fastapi import FastAPI\n\napp = FastAPI(title='x')\n";
const flask = "import flask\n\nweb: flask.Flask = flask.Flask(__name__)\n";
const requirements = "# comment\nFlask>=3\nfastapi[standard]\n-r other.txt\n";

describe("the entry point", () => {
  it("is the most usual file of a framework, and the most usual name in it", () => {
    const files = { "requirements.txt": requirements, "deep/app/main.py": fastapi, "other.py": fastapi };
    expect(commandOf(files)).toContain("other:app");
    expect(commandOf({ ...files, "main.py": `sub = FastAPI()\n${fastapi}` })).toContain("main:app");
    expect(commandOf({ "requirements.txt": "", "app/__init__.py": flask })).toContain("app:web");
  });

  it("may be made by a function", () => {
    const factory =
      "from flask import Flask\n\ndef create_app(config=None):\n    app = Flask(__name__)\n    return app\n";
    const files = {
      "requirements.txt": requirements.replace("fastapi[standard]\n", ""),
      "web/__init__.py": factory,
    };
    expect(commandOf(files)).toContain("web:create_app()");
    const made = { ...files, "wsgi.py": "from web import create_app\n\napp = create_app()\n" };
    expect(commandOf(made)).toMatch(/gunicorn .* wsgi:app$/);
    const asgi = {
      "requirements.txt": "fastapi",
      "main.py": factory.replaceAll("Flask", "FastAPI").replaceAll("flask", "fastapi"),
    };
    expect(commandOf(asgi)).toMatch(/uvicorn main:create_app .* --factory$/);
  });

  it("of a Gradio page in FastAPI is FastAPI's, and of Django with channels is served by uvicorn", () => {
    const mounted = `import gradio as gr\n${fastapi}app = gr.mount_gradio_app(app, gr.Blocks(), '/')\n`;
    expect(says({ "requirements.txt": "gradio", "main.py": mounted })).toMatch(/^FastAPI application `app`/);
    const wsgi = "application = get_wsgi_application()\n";
    const django = {
      "requirements.txt": "django\nchannels",
      "manage.py": "",
      "shop/wsgi.py": wsgi,
      "x.py": fastapi,
    };
    expect(commandOf(django)).toContain("uvicorn shop.asgi:application");
  });

  it("is what the setting `module` names", () => {
    const files = {
      "requirements.txt": requirements,
      "main.py": fastapi,
      "ui.py": "import streamlit as st\n",
    };
    expect(commandOf(files, { module: "ui.py" })).toContain("streamlit run ui.py");
    expect(commandOf(files, { module: "main:app" })).toContain("uvicorn main:app");
    const made = { "requirements.txt": "flask", "web.py": "app = anything()\n" };
    expect(commandOf(made, { module: "web:app" })).toContain("gunicorn");
    // A package may contain the application.
    expect(commandOf({ "requirements.txt": "my-shop" }, { module: "my_shop.web:app" })).toContain(
      "my_shop.web:app",
    );
  });

  it("gets no .env, and the output says so, unless a .dockerignore decides", () => {
    const files = { "requirements.txt": "", "main.py": fastapi, ".env": "A=1" };
    expect(says(files)).toMatch(/by default, without its \.env \(set `envFile` /);
    expect(says({ ...files, ".dockerignore": "" })).not.toContain(".env");
  });

  it("is not needed if there is a command", () => {
    const found = recognised({ "requirements.txt": "celery" }, { isServed: false });
    expect(found.says).toBe("Python application, packages from requirements.txt, Python 3.13 by default");
    expect(found.command).toBeUndefined();
  });

  it.each([
    [
      { "requirements.txt": "flask" },
      {},
      "Flask in requirements.txt",
      /no Python file .* Flask application/,
      "main:app",
    ],
    [{ "requirements.txt": "rich", "x.py": "" }, {}, "no framework", /are recognised/, "main:app"],
    [
      { "requirements.txt": "", "main.py": fastapi },
      { module: "mian:app" },
      '"mian:app"',
      /no mian\.py/,
      "main:app",
    ],
    [
      { "requirements.txt": "", "main.py": fastapi },
      { module: "main:api" },
      '"main:api"',
      /main\.py has no api/,
      "main:app",
    ],
    [{ "requirements.txt": "", "main.py": fastapi }, { module: "ui.py" }, '"ui.py"', /no ui\.py/, "main:app"],
    [
      { "requirements.txt": "", "main.py": fastapi, "ui.py": "import streamlit\n" },
      {},
      "FastAPI application `app` in main.py, and Streamlit application ui.py",
      /several files could be the application/,
      "main:app",
    ],
  ])(
    "of %j with %j is refused, and the error has a value for `module`",
    (files, request, found, why, value) => {
      const refusal = refused(files as unknown as Files, request);
      expect(refusal).toMatchObject({ setting: "module", value });
      expect(refusal.found).toContain(found);
      expect(refusal.why).toMatch(why);
    },
  );
});

describe("the packages", () => {
  const main = { "main.py": fastapi };
  const project = '[project]\nname = "x"\ndependencies = ["fastapi"]\n';
  const poetry = '[tool.poetry.dependencies]\npython = "^3.10"\nfastapi = "*"\n';

  it.each([
    [{ "requirements.txt": "", "pyproject.toml": project, "uv.lock": "" }, "uv", "uv.lock"],
    [{ "requirements.txt": "", "pyproject.toml": poetry, "poetry.lock": "" }, "poetry", "poetry.lock"],
    [{ "requirements.txt": "", "pyproject.toml": project }, "requirements", "requirements.txt"],
    [{ "pyproject.toml": project }, "project", "pyproject.toml"],
  ])("of %j are installed with %s from %s", (files, installer, file) => {
    const found = recognised({ ...(files as unknown as Files), ...main });
    expect(found.args.INSTALLER).toBe(installer);
    expect(found.says).toContain(`packages from ${file}`);
  });

  it.each([
    [{ Pipfile: "" }, "Pipfile", "pipenv requirements > requirements.txt"],
    [{ "environment.yml": "" }, "environment.yml", "requirements.txt"],
    [{ "setup.py": "" }, "setup.py", "echo . > requirements.txt"],
    [{ "main.py": fastapi }, "Python files only", "Add a requirements.txt"],
    [{ "backend/requirements.txt": "" }, "backend/", "Set source to that folder"],
    [{ "notes.txt": "" }, "", "docs/guide/own-application.md"],
    [{ "pyproject.toml": "[tool.poetry]" }, "pyproject.toml", "run: poetry lock"],
    [{ "pyproject.toml": "[project" }, "pyproject.toml", "Correct it"],
    [{ "package.json": "{" }, "package.json", "Correct it"],
    [{ "package.json": "{}", "yarn.lock": "" }, "yarn.lock", "npm install --package-lock-only"],
    [{ "package.json": "{}" }, "package.json", '"start": "node server.js"'],
    [
      { "package.json": '{"scripts":{"start":"tsx a.ts"},"devDependencies":{"tsx":"4"}}' },
      "package.json",
      "npm install --save-prod tsx",
    ],
  ])("of %j are refused, with the line to write", (files, found, fix) => {
    expect(refused(files as unknown as Files)).toMatchObject({ setting: "source", found });
    expect(refused(files as unknown as Files).fix).toContain(fix);
  });

  it("include PyTorch for CPUs, unless a lock file or the settings decide otherwise", () => {
    const files = { "requirements.txt": "sentence_transformers", ...main };
    expect(recognised(files).args.TORCH_BACKEND).toBe("cpu");
    expect(says(files)).toContain("torch for CPUs (with CUDA the image is about 5 GB larger)");
    expect(recognised(files, { torchBackend: "none" }).args.TORCH_BACKEND).toBe("");
    expect(recognised(files, { torchBackend: "cu128" }).args.TORCH_BACKEND).toBe("cu128");
    expect(says(files, { torchBackend: "cu128" })).not.toContain("CPUs");
    const hashed = { ...files, "requirements.txt": "torch==2 --hash=sha256:0" };
    expect(recognised(hashed).args).not.toHaveProperty("TORCH_BACKEND");
    const locked = { "pyproject.toml": project.replace("fastapi", "torch"), "uv.lock": "", ...main };
    expect(recognised(locked).args).not.toHaveProperty("TORCH_BACKEND");
  });
});

describe("the version", () => {
  const main = { "requirements.txt": "", "main.py": fastapi };

  it.each([
    [{ ".python-version": "3.12.4\n" }, "Python 3.12 from .python-version"],
    [{ ".python-version": "cpython-3.11" }, "Python 3.11 from .python-version"],
    [{ "runtime.txt": "python-3.10.9" }, "Python 3.10 from runtime.txt"],
    [{ "pyproject.toml": '[project]\nrequires-python = "<3.13,>=3.9"' }, "Python 3.12 from requires-python"],
    [{ "pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.11"' }, "Python 3.11 from pyproject.toml"],
    [{ ".python-version": "3.12", "runtime.txt": "python-3.10.9" }, "Python 3.12 from .python-version"],
  ])("of %j is %s", (files, expected) => {
    expect(says({ ...main, ...(files as unknown as Files) })).toContain(expected);
  });

  it("is that of the setting first, and is refused if no image has it", () => {
    expect(says({ ...main, ".python-version": "3.12" }, { python: "3.11" })).toContain(
      "Python 3.11 from build.python",
    );
    expect(refused({ ...main, ".python-version": "2.7" })).toMatchObject({
      setting: "build.python",
      found: "Python 2.7 from .python-version",
      why: "the available images have Python 3.10, 3.11, 3.12, 3.13, 3.14",
    });
    // YAML reads 3.10 without quotes as 3.1.
    expect(refused(main, { python: "3.1" }).setting).toBe("build.python");
    const node = { "package.json": '{"engines":{"node":"^16"},"main":"a.js"}', "a.js": "" };
    expect(refused(node)).toMatchObject({
      setting: "source",
      found: "Node ^16 from engines of package.json",
    });
  });
});
