/** Tests how an own application without a Dockerfile is built and served. Builds nothing. */
import { describe, expect, it } from "vitest";
import { imagePlan, requiredImages } from "../../../components/image-plan.ts";
import { serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const other = { image: "other:1.0", port: 8000, route: "/" };
const apps = (app: Record<string, unknown>) => ({ apps: { other, mine: app } });

describe("an application without a Dockerfile", () => {
  const folder = "tests/support/fixtures/applications";
  const mine = (app: Record<string, unknown>, more = {}) =>
    serviceOf(
      systemWith({ ...apps({ source: `${folder}/flask-pip`, port: 9000, ...app }), ...more }),
      "mine",
    );

  it("is served on its port", () => {
    expect(mine({}).command?.join(" ")).toContain("--bind 0.0.0.0:9000");
    expect(mine({ source: `${folder}/node-express` }).environment).toMatchObject({ PORT: "9000" });
    expect(mine({ source: `${folder}/gradio-pip`, env: { PORT: "1" } }).environment).toMatchObject({
      GRADIO_SERVER_PORT: "9000",
      PORT: "1",
    });
  });

  it("is built with its packages on its version of Python", () => {
    const { image } = mine({ build: { python: "3.12", packages: ["libpq-dev", "ffmpeg"] } });
    expect(image).toMatchObject({
      dockerfile: "dockerfiles/python-application/default-ignore.Dockerfile",
      args: { INSTALLER: "requirements", TORCH_BACKEND: "cpu", PACKAGES: "ffmpeg libpq-dev" },
    });
    const mode = { project: "p", images: "registry", registry: "mirror", baseImage: "", pinned: {} } as const;
    const plan = imagePlan(image, mode);
    expect(plan).toMatchObject({ buildArgs: { PYTHON_IMAGE: "mirror/python:3.12-slim-trixie" } });
    expect(plan).toHaveProperty(
      "buildArgs.APPLICATION_BUILDER_IMAGE",
      expect.stringMatching(/^p\/application-builder-3-12:/),
    );
    expect(
      requiredImages({ services: [mine({ build: { python: "3.12" } })] } as never, mode)[0]?.pulls,
    ).toEqual(["mirror/python:3.12-slim-trixie"]);
  });

  it("has folders for the volumes of all applications that use its image", () => {
    const source = `${folder}/flask-pip`;
    const worker = { source, command: ["work"], volumes: [{ name: "one", path: "/srv/one", shared: true }] };
    const volumes = [{ name: "two", path: "/srv/two" }];
    const system = systemWith({ apps: { web: { source, port: 9000, route: "/", volumes }, worker } });
    for (const name of ["web", "worker"])
      expect(serviceOf(system, name).image).toMatchObject({ args: { FOLDERS: "/srv/one /srv/two" } });
  });

  it("is refused with a version that the packages lack, and the error names both fixes", () => {
    const source = `${folder}/flask-pip`;
    const wrong = { ...apps({ source, port: 9000, build: { python: "3.12" } }), images: "packages" };
    expect(problems(wrong)).toEqual([
      {
        path: "ragdock:apps.mine.build.python",
        found: "Python 3.12 from build.python",
        problem: "`images: packages` has Python 3.13 only, that of Debian",
        fix: `Run: pulumi config set ragdock:images registry; or, if it also runs on 3.13: pulumi config set --path 'ragdock:apps.mine.build.python' '"3.13"'`,
      },
    ]);
  });
});
