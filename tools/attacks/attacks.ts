/** The attacks of docs/measurements/security.md, and the tests that make them. */
import { access } from "./access.ts";
import { type Attack, testOf } from "./attack.ts";
import { auth, checks, frontDoor, ingress, library, networks, reachability } from "./files.ts";

/** Attacks in what a browser or a program sends. */
const requests: readonly Attack[] = [
  {
    attack: "A page of another site that sends requests, forms and WebSockets (CSRF)",
    promise: "403, also for the sign-in and the sign-out",
    tests: [
      testOf(ingress, "a page of another site"),
      testOf("tests/images/tls.test.ts", "checks requests over HTTP/2 like all others"),
      testOf(auth("sign_in"), "test_a_form_of_another_site_signs_no_one_in"),
      testOf(auth("sign_in"), "test_a_form_of_another_browser_signs_no_one_in"),
      testOf(auth("sign_in"), "test_another_site_signs_no_one_out"),
    ],
  },
  {
    attack: "A redirect to another site",
    promise: "Each redirect stays on this host.",
    tests: [
      testOf(auth("targets")),
      testOf(ingress, "redirect without naming a host and a port"),
      testOf("tests/images/tls.test.ts", "redirects no request without TLS to a Host"),
      testOf(library("openapi"), "test_a_slash_at_the_end_does_not_redirect_to_the_host_of_the_request"),
    ],
  },
  {
    attack: "Other spellings of a path",
    promise: "A path needs the same role in each spelling, and no spelling reaches a hidden path.",
    tests: [
      testOf(auth("check"), "test_other_spellings_of_a_path_need_the_same_role"),
      testOf(auth("check"), "test_an_ambiguous_path_is_refused"),
      testOf(ingress, "are 404 for Streamlit's metrics"),
      testOf(networks, "lets the UI query Prometheus through the gateway, and nothing else"),
    ],
  },
  {
    attack: "A forged Host header",
    promise: "421 for a name that is not served, or is not a host name",
    tests: [
      testOf(ingress, "are 421 for a Host that is no host name"),
      testOf(ingress, "serves the host names that it lists"),
    ],
  },
  {
    attack: "A forged address of the client",
    promise: "The address is that of the connection, or what a trusted proxy says.",
    tests: [
      testOf(ingress, "the client's address"),
      testOf(ingress, "takes the client's address from a trusted proxy"),
      testOf(library("server"), "test_no_client_can_send_another_client_address"),
    ],
  },
  {
    attack: "Requests that two programs could read differently (smuggling)",
    promise: "They are refused, or treated as one request. No hidden request reaches a service.",
    tests: [
      testOf("tests/images/smuggling.test.ts"),
      testOf("tests/images/tls.test.ts", "opens no WebSocket for a request over HTTP/2"),
      testOf(ingress, "the answers of nginx itself"),
    ],
  },
  {
    attack: "Slow clients, and many connections",
    promise: "Other clients are served within three seconds.",
    tests: [testOf("tests/images/flood.test.ts")],
  },
  {
    attack: "Large bodies, and bursts of questions and uploads",
    promise: "413, or 503 with Retry-After. Health checks get an answer, and memory stays bounded.",
    tests: [
      testOf(ingress, "large requests"),
      testOf(library("overload")),
      testOf(library("upload_memory")),
      testOf("app/tests/unit/test_overload.py"),
      testOf(auth("sign_in"), "test_a_large_form_is_refused"),
    ],
  },
  {
    attack: "More requests than a person or an address may send",
    promise: "429 with Retry-After",
    tests: [testOf(auth("limits")), testOf(auth("refused"), "test_too_many_requests_get_the_time_to_wait")],
  },
  {
    attack: "Generated requests of an editor (schemathesis)",
    promise: "There is no 5xx, and each answer matches the OpenAPI document.",
    tests: [
      testOf("tests/slow/attacks.test.ts", "three minutes of generated requests"),
      testOf("app/tests/integration/test_properties.py"),
      testOf("app/tests/unit/test_openapi.py"),
    ],
  },
];

/** Attacks in what documents, people and models contain. */
const contents: readonly Attack[] = [
  {
    attack: "Scripts, pictures and links in names, contents and answers",
    promise:
      "Names are shown as plain text. A page loads nothing from another site, and runs no script of an attacker.",
    tests: [
      testOf(library("markup")),
      testOf("app/tests/unit/test_ui.py", "test_no_name_and_no_answer_makes_the_browser_fetch_a_picture"),
      testOf("app/tests/unit/test_ui.py", "test_the_reason_of_a_refused_upload_is_no_markdown"),
      testOf(
        "systems/rag-events/tests/test_ui.py",
        "test_no_name_and_no_answer_makes_the_browser_fetch_a_picture",
      ),
      testOf(
        "systems/myrag/ui/tests/test_page.py",
        "test_no_name_and_no_answer_makes_the_browser_fetch_a_picture",
      ),
      testOf(library("readers"), "test_html_loses_its_markup_and_scripts"),
      testOf(ingress, "has the security headers"),
      testOf("tests/e2e/full/browser.test.ts", "requests nothing that the security headers block"),
    ],
  },
  {
    attack: "Formulas in names, for the export of a table",
    promise: "A spreadsheet shows them as text.",
    tests: [
      testOf(library("markup"), "test_a_name_is_no_formula_in_a_spreadsheet"),
      testOf("app/tests/unit/test_ui.py", "test_the_table_exports_no_formula"),
    ],
  },
  {
    attack: "Hostile files",
    promise: "Each file gives text or a reason within seconds, and does not stop other documents.",
    tests: [
      testOf(library("html_text")),
      testOf(library("readers")),
      testOf("app/tests/integration/test_ingestion_ends.py"),
    ],
  },
  {
    attack: "Line breaks and control characters in names, for logs and headers",
    promise: "They are escaped.",
    tests: [
      testOf(auth("audit"), "test_texts_from_outside_are_bounded_and_escaped"),
      testOf(auth("check"), "test_names_cannot_inject_headers"),
      testOf("app/tests/integration/test_api.py", "test_an_event_has_no_character_that_ends_a_line"),
    ],
  },
];

/** Attacks from inside of the stack, and data that leaves it. */
const inside: readonly Attack[] = [
  {
    attack: "Metrics and pages for admins, from outside",
    promise: "404 for metrics, and 403 without the role admin. No exporter has a route.",
    tests: [
      testOf("tests/e2e/full/documents.test.ts", "does not serve metrics through the gateway"),
      testOf("tests/unit/config/gateway.test.ts", "answers 404 for metrics"),
      testOf("systems/myrag/api/tests/test_api.py", "test_metrics_are_only_at_the_secret_path"),
      testOf(reachability, "a browser reaches no exporter"),
      testOf(frontDoor, "may do what their role allows"),
    ],
  },
  {
    attack: "Requests to other services through the blackbox exporter (SSRF)",
    promise: "Only monitoring services reach it, and it follows no redirect.",
    tests: [
      testOf(reachability, "an application reaches neither the blackbox exporter nor Alertmanager"),
      testOf(reachability, "a browser reaches no exporter"),
      testOf(networks, "connects the services as declared, and no others"),
    ],
  },
  {
    attack: "Requests to other services through addresses in settings, files and answers of providers (SSRF)",
    promise:
      "Settings accept HTTP addresses only. No redirect is followed, and no address in a file is opened.",
    tests: [
      testOf("tests/unit/config/wrong-settings.test.ts", "is an address without HTTP"),
      testOf(library("providers"), "test_a_redirect_is_not_followed"),
      testOf(auth("provider"), "test_a_redirect_of_the_provider_is_not_followed"),
      testOf(library("readers"), "test_an_address_in_a_file_is_not_opened"),
    ],
  },
  {
    attack: "An attacker in one container",
    promise:
      "It reaches the services that it needs, and no others. A client of a store has no administrator rights.",
    tests: [
      testOf(reachability, "an attacker in"),
      testOf(networks, "connects the services as declared, and no others"),
      testOf("tests/images/store-users.test.ts", "a client of PostgreSQL"),
      testOf("tests/images/store-users.test.ts", "a client of Redis"),
      testOf("tests/unit/policies/systems.test.ts", "breaks no mandatory rule by default"),
      testOf("tests/e2e/full/observed.test.ts", "contains only containers with limits"),
    ],
  },
  {
    attack: "Canaries: passwords, sessions, keys, questions and contents in logs, state and docker inspect",
    promise: "None is there.",
    tests: [
      testOf(frontDoor, "has who did what, and neither it nor any other log has a password"),
      testOf(auth("audit"), "test_no_secret_is_in_the_log_or_the_metrics"),
      testOf(auth("sign_in"), "test_the_database_holds_no_token"),
      testOf(library("providers"), "test_the_key_is_in_no_log_and_no_error"),
      testOf("tests/e2e/full/observed.test.ts", "do not appear in inspect output, image history, logs"),
      testOf("tests/e2e/rotate.test.ts", "no password in a log, an environment variable or a label"),
    ],
  },
  {
    attack: "Old versions of TLS, and requests without TLS",
    promise: "TLS 1.2 and 1.3 only. Requests without TLS are redirected.",
    tests: [testOf("tests/images/tls.test.ts", "an ingress with the authority of the stack")],
  },
  {
    attack: "Findings of linters in Dockerfiles, nginx files, workflows, shell and Python",
    promise: "None without a written reason",
    tests: [
      testOf(checks, "Dockerfiles (hadolint)"),
      testOf(checks, "nginx.conf (gixy)"),
      testOf(checks, "workflows (actionlint)"),
      testOf(checks, "shell (shellcheck)"),
      testOf(checks, "Python lint (ruff)"),
      testOf(checks, "Python security (bandit)"),
    ],
  },
];

export const attacks: readonly Attack[] = [...access, ...requests, ...contents, ...inside];
