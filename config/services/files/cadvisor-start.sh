#!/bin/sh
# Starts cAdvisor with the address of Docker's containerd. Docker with the containerd image store
# does not know where the files of a container are. cAdvisor asks containerd, and reports no
# container if it gets no answer (google/cadvisor v0.60.5, container/docker/factory.go). Docker
# starts its own containerd, unless its package starts one for it.
set -eu

socket=/var/run/docker/containerd/containerd.sock
if [ ! -S "$socket" ]; then socket=/var/run/containerd/containerd.sock; fi
exec cadvisor -logtostderr "--containerd=$socket" "$@"
