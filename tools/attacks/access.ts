/** Attacks on access. */
import { type Attack, testOf } from "./attack.ts";
import { auth, frontDoor, library } from "./files.ts";

export const access: readonly Attack[] = [
  {
    attack: "No session, on every route of the API's OpenAPI document",
    promise: "401 with problem details, and no redirect",
    tests: [
      testOf(frontDoor, "refuses every route of the API with problem details"),
      testOf(
        "app/tests/integration/test_owners.py",
        "test_every_route_needs_a_token_except_health_and_metrics",
      ),
      testOf("tests/unit/config/sign-in.test.ts", "checks each request before a gateway passes it on"),
      testOf(auth("check"), "test_a_person_without_a_session_is_asked_to_sign_in"),
    ],
  },
  {
    attack: "No session, on the pages and as a WebSocket",
    promise: "People are redirected to the sign-in. WebSockets and programs get 401.",
    tests: [
      testOf(frontDoor, "refuses the UI, its WebSocket and the monitoring"),
      testOf(auth("refused"), "test_a_program_gets_a_problem"),
    ],
  },
  {
    attack: "Forged headers that name a person, from outside and from another container",
    promise: "Only a signed token from the gateway is accepted.",
    tests: [
      testOf(frontDoor, "ignores a client's header that names a person"),
      testOf(frontDoor, "is refused by the API itself for every other container"),
      testOf("tests/unit/config/sign-in.test.ts", "replaces client headers that name the sender"),
      testOf(library("identity"), "test_a_request_without_a_token_is_refused"),
      testOf(auth("check"), "test_a_forged_upgrade_makes_no_reader_an_editor"),
    ],
  },
  {
    attack: "Expired, foreign and tampered tokens, sessions and keys",
    promise: "401. A change of a person or a key takes effect at once.",
    tests: [
      testOf(library("identity"), "test_a_forged_expired_or_foreign_token_is_refused"),
      testOf(library("identity"), "test_a_token_without_one_of_its_claims_is_refused"),
      testOf(auth("sign_in"), "test_a_session_ends_after_twelve_hours"),
      testOf(auth("sign_in"), "test_signing_out_ends_the_session"),
      testOf(auth("sign_in"), "test_changes_of_a_user_count_at_once"),
      testOf(auth("sign_in"), "test_a_new_user_of_the_same_name_inherits_no_session"),
      testOf(auth("sign_in"), "test_a_planted_session_does_not_become_signed_in"),
      testOf(auth("sign_in"), "test_a_host_of_the_same_domain_cannot_plant_a_session"),
      testOf(auth("sign_in"), "test_two_sessions_in_one_browser_are_both_ignored"),
      testOf(auth("restored"), "test_a_restore_does_not_give_access_back"),
      testOf(auth("api_keys"), "test_revoked_and_expired_keys_are_refused_at_the_next_request"),
      testOf(auth("api_keys"), "test_other_keys_are_unknown"),
      testOf(frontDoor, "lose access at once when they are removed"),
      testOf(frontDoor, "work as Bearer, and are revoked within five seconds"),
    ],
  },
  {
    attack: "Answers of an OpenID Connect provider that are forged, repeated or for another client",
    promise: "Nobody is signed in.",
    tests: [
      testOf(auth("provider"), "test_a_token_that_is_wrong_signs_no_one_in"),
      testOf(auth("provider"), "test_an_answer_works_once"),
      testOf(auth("provider"), "test_an_answer_works_in_its_browser_only"),
      testOf(auth("provider"), "test_a_forged_state_is_refused"),
      testOf(auth("provider"), "test_an_unverified_address_does_not_count"),
      testOf(auth("provider"), "test_another_issuer_at_the_address_is_refused"),
    ],
  },
  {
    attack: "More than a role allows",
    promise: "403. An editor deletes no document of someone else.",
    tests: [
      testOf(frontDoor, "may do what their role allows"),
      testOf(auth("check"), "test_each_request_needs_a_role"),
      testOf(
        "app/tests/integration/test_owners.py",
        "test_editors_delete_their_own_documents_and_admins_delete_all",
      ),
    ],
  },
  {
    attack: "100,000 wrong passwords",
    promise:
      "Few cost a hash. Other people can sign in meanwhile. The owner can sign in from a browser that they used before.",
    tests: [
      testOf("tests/slow/attacks.test.ts", "refuses 100,000 wrong passwords"),
      testOf(auth("attempts")),
    ],
  },
  {
    attack: "Finding out from the answer or its time which users exist, and which key is right",
    promise:
      "Answers are equal. A password is hashed for unknown names too, and keys are compared in constant time.",
    tests: [
      testOf(frontDoor, "a wrong password does not reveal which users exist"),
      testOf(auth("sign_in"), "test_wrong_passwords_and_names_get_the_same_answer"),
      testOf(auth("attempts"), "test_unknown_names_cost_a_hash_too"),
      testOf(auth("api_keys"), "test_unknown_keys_take_the_same_way_as_known_ones"),
      testOf(auth("key_timing"), "test_a_nearly_right_key_takes_as_long_as_another"),
    ],
  },
];
