# Adds BusyBox to the official image, which contains one program only and no tool for a health
# check.
ARG OFFICIAL_IMAGE
ARG BASE_IMAGE
FROM ${OFFICIAL_IMAGE} AS official

FROM ${BASE_IMAGE}
COPY --from=official /usr/bin/nginx-prometheus-exporter /usr/bin/nginx-prometheus-exporter
USER 1001:1001
EXPOSE 9113
ENTRYPOINT ["/usr/bin/nginx-prometheus-exporter"]
