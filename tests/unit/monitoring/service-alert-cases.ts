import type { AlertCase } from "./alert-case.ts";

const requests = 'http_requests_total{service="api",route="/api/query"';
const bucket = 'http_request_duration_seconds_bucket{service="api",route="/api/query"';

/** Cases of the alerts on services, requests and documents. */
export const serviceCases: readonly AlertCase[] = [
  {
    title: "a target that is down",
    series: {
      'up{job="worker",service="worker",instance="worker:8001"}': "1x5 0x10",
      'up{service="api"}': "1x15",
    },
    alert: "TargetDown",
    at: 10,
    fires: [{ job: "worker", service: "worker", instance: "worker:8001" }],
  },
  {
    title: "a target that was down for a minute",
    series: { 'up{job="worker",service="worker"}': "1x5 0x0 1x10", 'up{service="api"}': "1x15" },
    alert: "TargetDown",
    at: 8,
    fires: [],
  },
  {
    title: "a target that has not been reached since the first deployment began",
    series: { 'up{job="worker",service="worker"}': "0x4 1x10", 'up{service="api"}': "1x15" },
    alert: "TargetDown",
    at: 4,
    fires: [],
  },
  {
    title: "a replicated service without any replica",
    series: { 'up{service="worker"}': "1x10" },
    alert: "TargetDown",
    at: 5,
    fires: [{ service: "api" }],
  },
  {
    title: "a service that does not answer",
    series: { 'probe_success{service="ui",instance="http://ui:8501"}': "1x3 0x10" },
    alert: "ServiceUnhealthy",
    at: 8,
    fires: [{ service: "ui", instance: "http://ui:8501" }],
  },
  {
    title: "a service that has not answered since the first deployment began",
    series: { 'probe_success{service="ui",instance="http://ui:8501"}': "0x4 1x10" },
    alert: "ServiceUnhealthy",
    at: 4,
    fires: [],
  },
  {
    title: "a service that has never answered",
    series: { 'probe_success{service="ui",instance="http://ui:8501"}': "0x10" },
    alert: "ServiceUnhealthy",
    at: 8,
    fires: [{ service: "ui", instance: "http://ui:8501" }],
  },
  {
    title: "a container near its limit",
    series: { 'container_memory_working_set_bytes{service="api"}': "500000000x20" },
    alert: "MemoryNearLimit",
    at: 10,
    fires: [{ service: "api" }],
  },
  {
    title: "a container at half its limit",
    series: { 'container_memory_working_set_bytes{service="api"}': "250000000x20" },
    alert: "MemoryNearLimit",
    at: 10,
    fires: [],
  },
  {
    title: "one request in ten failing",
    series: { [`${requests},status="200"}`]: "0+90x20", [`${requests},status="500"}`]: "0+10x20" },
    alert: "HighErrorRate",
    at: 15,
    fires: [{ service: "api" }],
  },
  {
    title: "one request in a hundred failing",
    series: { [`${requests},status="200"}`]: "0+99x20", [`${requests},status="500"}`]: "0+1x20" },
    alert: "HighErrorRate",
    at: 15,
    fires: [],
  },
  {
    title: "failing requests of health checks only",
    series: { 'http_requests_total{service="api",route="/api/health",status="500"}': "0+10x20" },
    alert: "HighErrorRate",
    at: 15,
    fires: [],
  },
  {
    title: "answers that take half a minute",
    series: {
      [`${bucket},le="10"}`]: "0x30",
      [`${bucket},le="30"}`]: "0+10x30",
      [`${bucket},le="+Inf"}`]: "0+10x30",
    },
    alert: "HighLatencyP95",
    at: 20,
    fires: [{ service: "api" }],
  },
  {
    title: "answers within a second",
    series: {
      [`${bucket},le="1"}`]: "0+10x30",
      [`${bucket},le="10"}`]: "0+10x30",
      [`${bucket},le="+Inf"}`]: "0+10x30",
    },
    alert: "HighLatencyP95",
    at: 20,
    fires: [],
  },
  {
    title: "documents that wait for an hour, reported by two API processes",
    series: {
      'rag_queue_oldest_age_seconds{instance="a"}': "0+60x60",
      'rag_queue_oldest_age_seconds{instance="b"}': "0+60x60",
    },
    alert: "IngestionBacklog",
    at: 30,
    fires: [{}],
  },
  {
    title: "a document that failed",
    series: {
      'rag_ingestions_total{outcome="failed"}': "0x5 1x20",
      'rag_ingestions_total{outcome="ready"}': "0+1x25",
    },
    alert: "IngestionFailing",
    at: 10,
    fires: [{}],
  },
  {
    title: "documents that were ingested",
    series: {
      'rag_ingestions_total{outcome="failed"}': "3x25",
      'rag_ingestions_total{outcome="ready"}': "0+1x25",
    },
    alert: "IngestionFailing",
    at: 10,
    fires: [],
  },
  {
    title: "half of the questions finding nothing",
    series: { rag_empty_retrievals_total: "0+1x60", rag_retrieved_chunks_count: "0+2x60" },
    alert: "EmptyRetrievalsHigh",
    at: 50,
    fires: [{}],
  },
  {
    title: "the only two questions of an hour finding nothing",
    series: { rag_empty_retrievals_total: "0x20 2x40", rag_retrieved_chunks_count: "0x20 2x40" },
    alert: "EmptyRetrievalsHigh",
    at: 40,
    fires: [],
  },
];
