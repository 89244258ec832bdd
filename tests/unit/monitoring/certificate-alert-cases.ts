import type { AlertCase } from "./alert-case.ts";

const labels = { source: "internal", service: "certificates" };
const series = (name: string): string =>
  `ragdock_certificate_${name}_timestamp_seconds{source="internal",service="certificates"}`;

const day = 86_400;

/** A certificate for ninety days that expires in the given number of days. Time starts at 0. */
const endsIn = (days: number): Record<string, string> => ({
  [series("expires")]: `${days * day}x200`,
  [series("begins")]: `${(days - 90) * day}x200`,
});

/** Cases of the alerts on certificates that are renewed automatically. */
export const certificateCases: readonly AlertCase[] = [
  {
    title: "a certificate that should have been renewed two weeks ago",
    series: endsIn(16),
    alert: "CertificateExpiresSoon",
    at: 70,
    fires: [labels],
  },
  {
    title: "a certificate that is due for renewal",
    series: endsIn(29),
    alert: "CertificateExpiresSoon",
    at: 70,
    fires: [],
  },
  {
    title: "a certificate of six days that was renewed a day ago",
    series: { [series("expires")]: `${5 * day}x200`, [series("begins")]: `${-day}x200` },
    alert: "CertificateExpiresSoon",
    at: 70,
    fires: [],
  },
  {
    title: "a certificate in its last days",
    series: endsIn(3),
    alert: "CertificateExpires",
    at: 1,
    fires: [labels],
  },
  {
    title: "a certificate with two weeks left",
    series: endsIn(14),
    alert: "CertificateExpires",
    at: 1,
    fires: [],
  },
  {
    title: "no certificate, which has another alert",
    series: { [series("expires")]: "0x200" },
    alert: "CertificateExpires",
    at: 100,
    fires: [],
  },
  {
    title: "no certificate for a quarter of an hour",
    series: { [series("expires")]: "0x200" },
    alert: "CertificateMissing",
    at: 20,
    fires: [labels],
  },
  {
    title: "a first certificate after ten minutes",
    series: { [series("expires")]: `0x10 ${90 * day}x100` },
    alert: "CertificateMissing",
    at: 20,
    fires: [],
  },
  {
    title: "attempts that have failed for more than a day",
    series: { [series("last_success")]: "0x1700" },
    alert: "CertificateRenewalFails",
    at: 1640,
    fires: [labels],
  },
  {
    title: "the checks of every twelve hours",
    series: { [series("last_success")]: "0x720 43200x720 86400x200" },
    alert: "CertificateRenewalFails",
    at: 1640,
    fires: [],
  },
];
