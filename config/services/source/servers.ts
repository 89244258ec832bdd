import type { Entry } from "./frameworks.ts";
import type { Recognised } from "./recognised.ts";

/** How an entry point is served and described. */
type Served = Required<Pick<Recognised, "command" | "environment">> & { readonly by: string };

/**
 * The number of requests that one process of gunicorn answers at a time. More processes would need
 * more memory.
 */
const threads = "8";

/**
 * The command that serves an entry point.
 * @param module the name of its file as Python imports it
 * @param root the folder that it is imported from
 */
export function serve({ server, file, object = "" }: Entry, module: string, root: string): Served {
  const isFactory = object.endsWith("()");
  switch (server) {
    case "uvicorn": {
      const target = `${module}:${object.replace("()", "")}`;
      const options = [...(root === "." ? [] : ["--app-dir", root]), ...(isFactory ? ["--factory"] : [])];
      const command = [...python("uvicorn"), target, "--host", "0.0.0.0", "--port", portPlace, ...options];
      return { by: "served by uvicorn", command, environment: {} };
    }
    case "gunicorn": {
      const options = [
        "--bind",
        `0.0.0.0:${portPlace}`,
        "--threads",
        threads,
        "--worker-tmp-dir",
        "/dev/shm",
      ];
      const path = root === "." ? [] : ["--pythonpath", root];
      const command = [...python("gunicorn"), ...options, ...path, `${module}:${object}`];
      return { by: "served by gunicorn", command, environment: {} };
    }
    case "Streamlit": {
      const options = [
        "--server.address",
        "0.0.0.0",
        "--server.headless",
        "true",
        "--browser.gatherUsageStats",
        "false",
      ];
      const command = [...python("streamlit"), "run", file, "--server.port", portPlace, ...options];
      return { by: "served by itself", command, environment: {} };
    }
    case "Python":
      return {
        by: "started by Python",
        command: ["python", file],
        environment: {
          PORT: portPlace,
          GRADIO_SERVER_NAME: "0.0.0.0",
          GRADIO_SERVER_PORT: portPlace,
          GRADIO_ANALYTICS_ENABLED: "False",
        },
      };
  }
}

/** Stands for the port in a command or a variable. */
export const portPlace = "{port}";

const python = (module: string): string[] => ["python", "-m", module];
