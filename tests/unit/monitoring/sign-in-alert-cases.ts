import type { AlertCase } from "./alert-case.ts";

const denials = (reason: string): string => `frontdoor_denials_total{reason="${reason}",service="auth"}`;
const outOfTokens = 'http_requests_total{status="429",service="api"}';

/** Cases of the alerts on the sign-in. A step of 60 is one request a second. */
export const signInCases: readonly AlertCase[] = [
  {
    title: "six wrong keys a second",
    series: { [denials("key_unknown")]: "0+360x20" },
    alert: "DenialsHigh",
    at: 16,
    fires: [{}],
  },
  {
    title: "four wrong keys and two requests without tokens left a second",
    series: { [denials("key_unknown")]: "0+240x20", [outOfTokens]: "0+120x20" },
    alert: "DenialsHigh",
    at: 16,
    fires: [{}],
  },
  {
    title: "four denied requests a second",
    series: { [denials("key_unknown")]: "0+240x20" },
    alert: "DenialsHigh",
    at: 16,
    fires: [],
  },
  {
    title: "open pages of people whose session has ended",
    series: { [denials("signed_out")]: "0+3600x20" },
    alert: "DenialsHigh",
    at: 16,
    fires: [],
  },
  {
    title: "six wrong keys a second for five minutes",
    series: { [denials("key_unknown")]: "0+360x5 1800x15" },
    alert: "DenialsHigh",
    at: 16,
    fires: [],
  },
  {
    title: "a key that expires within two weeks",
    series: { 'frontdoor_keys_expiring{service="auth"}': "1x70" },
    alert: "ApiKeyExpiresSoon",
    at: 65,
    fires: [{}],
  },
  {
    title: "no key that expires",
    series: { 'frontdoor_keys_expiring{service="auth"}': "0x70" },
    alert: "ApiKeyExpiresSoon",
    at: 65,
    fires: [],
  },
];
