#!/bin/sh
# Starts cAdvisor with the address of Docker's containerd. With the containerd image store, Docker
# does not know where the files of a container are, so cAdvisor asks containerd. Without an answer
# it reports no container (google/cadvisor v0.60.5, container/docker/factory.go). Docker starts its
# own containerd, unless its package has started one.
set -eu

socket=/var/run/docker/containerd/containerd.sock
if [ ! -S "$socket" ]; then socket=/var/run/containerd/containerd.sock; fi
exec cadvisor -logtostderr "--containerd=$socket" "$@"
