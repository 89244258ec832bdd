/**
 * Tests that the output of a container gives its cause in one line, and what to do. The logs are
 * those of real programs, shortened. tests/systems/applications.test.ts lets real ones fail.
 */
import { describe, expect, it } from "vitest";
import { causeOf } from "../../../host/cause.ts";
import { toPulumi } from "../../support/reader.ts";

const crashed = (log: string) => causeOf({ service: "web", log, hasCrashed: true });
const unhealthy = (check: string, log = "") => causeOf({ service: "web", check, log, hasCrashed: false });

const python = (error: string): string =>
  `Starting\nTraceback (most recent call last):\n  File "/app/app.py", line 3, in <module>\n    import x\n${error}\n`;

describe("a crash", () => {
  it.each([
    [
      "of a missing package",
      python("ModuleNotFoundError: No module named 'yaml'"),
      "ModuleNotFoundError: No module named 'yaml'",
      /^Add the package that contains yaml to the application's list of packages/,
    ],
    [
      "of gunicorn, which prints more after the error",
      `${python("ModuleNotFoundError: No module named 'yaml'")}[2026-01-01 00:00:00 +0000] [7] [INFO] Worker exiting (pid: 7)\n[2026-01-01 00:00:00 +0000] [1] [ERROR] Reason: Worker failed to boot.\n`,
      "ModuleNotFoundError: No module named 'yaml'",
      /list of packages/,
    ],
    [
      "of Flask, which then does not know the command of the application",
      `${python("ModuleNotFoundError: No module named 'psycopg'")}\n\nUsage: flask [OPTIONS] COMMAND [ARGS]...\nTry 'flask --help' for help.\n\nError: No such command 'db'.\n`,
      "ModuleNotFoundError: No module named 'psycopg'",
      /list of packages/,
    ],
    [
      "of an entry point that does not exist",
      'ERROR:    Error loading ASGI app. Could not import module "main".\n',
      'Error loading ASGI app. Could not import module "main".',
      /correct `module` or `command`/,
    ],
    [
      "of a missing variable",
      python("KeyError: 'OPENAI_API_KEY'"),
      "KeyError: 'OPENAI_API_KEY'",
      /needs the variable OPENAI_API_KEY.* `secrets`.*ragdock:services\.web\.environment/,
    ],
    [
      "of a client of OpenAI without a key",
      python(
        "openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable",
      ),
      "openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable",
      /needs the variable OPENAI_API_KEY/,
    ],
    [
      "of missing settings of pydantic",
      python(
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings\njwt_secret\n  Field required [type=missing, input_value={}, input_type=dict]\n    For further information visit https://errors.pydantic.dev",
      ),
      "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings: jwt_secret: Field required",
      /needs the variable JWT_SECRET/,
    ],
    [
      "of a program that says itself which variable is missing",
      "DATABASE_URL is not set\n",
      "DATABASE_URL is not set",
      /needs the variable DATABASE_URL/,
    ],
    [
      "of a folder that it may not write to",
      python("PermissionError: [Errno 13] Permission denied: './uploads/'"),
      "PermissionError: [Errno 13] Permission denied: './uploads/'",
      /is not allowed to write to \.\/uploads\/.*path: \/app\/uploads \}/,
    ],
    [
      "of Node, in a folder that it may not write to",
      "Error: EACCES: permission denied, open '/data/a.db'\n    at Object.openSync (node:fs:1:1)\n\nNode.js v24.19.0\n",
      "Error: EACCES: permission denied, open '/data/a.db'",
      /path: \/data \}/,
    ],
    [
      "of a missing package of Node",
      "node:internal/modules/cjs/loader:1\n  throw err;\n  ^\n\nError: Cannot find module 'express'\nRequire stack:\n- /app/server.js\n",
      "Error: Cannot find module 'express'",
      /package that contains express/,
    ],
    [
      "of a missing library",
      python("ImportError: libGL.so.1: cannot open shared object file: No such file or directory"),
      "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
      /Debian's package libgl1/,
    ],
    [
      "of a store at localhost",
      python(
        'psycopg.OperationalError: connection failed: connection to server at "127.0.0.1", port 5432 failed: Connection refused',
      ),
      'psycopg.OperationalError: connection failed: connection to server at "127.0.0.1", port 5432 failed: Connection refused',
      /postgres:5432/,
    ],
  ])("%s is explained", (_, log, text, fix) => {
    expect(crashed(log)?.text).toBe(text);
    expect(crashed(log)?.fix).toMatch(fix);
  });

  it("of an image that must run its own first process names the setting", () => {
    expect(toPulumi(crashed("s6-overlay-suexec: fatal: can only run as pid 1\n")?.fix)).toContain(
      "'ragdock:services.web.restartUnhealthy' false",
    );
  });

  it("without a known error has the last line of the log, and no advice", () => {
    expect(crashed("one\ntwo\n\n")).toEqual({ text: "two" });
    expect(crashed("")).toBeUndefined();
    expect(crashed("Error: No such command 'bd'.\n")).toEqual({ text: "Error: No such command 'bd'." });
    expect(crashed("x".repeat(999))?.text).toHaveLength(302);
  });
});

describe("a failed health check", () => {
  it("has status and body, whatever the log says", () => {
    const said = 'http://127.0.0.1:8000/health answers 503: {"detail":\n "the model is missing"}';
    expect(unhealthy(said, python("KeyError: 'A_B'"))?.text).toBe(
      'http://127.0.0.1:8000/health answers 503: {"detail": "the model is missing"}',
    );
  });

  it("of a missing path names the setting", () => {
    expect(unhealthy("http://127.0.0.1:8000/health answers 404: Not Found")?.fix).toContain("healthPath");
  });

  it("of a program that does not listen has also the error in the log", () => {
    const { text, fix } = unhealthy("nothing listens on port 8000", python("KeyError: 'API_KEY'")) ?? {};
    expect(text).toBe("nothing listens on port 8000; its log says: KeyError: 'API_KEY'");
    expect(fix).toContain("API_KEY");
    expect(unhealthy("nothing listens on port 8000", "loading the model\n")?.fix).toContain("0.0.0.0");
  });

  it("of a command has the last line of its traceback", () => {
    expect(unhealthy(python("OSError: no disk"))?.text).toBe("OSError: no disk");
  });
});
