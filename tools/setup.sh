#!/usr/bin/env bash
# Installs what `make up` needs on this machine and starts Docker: Docker, and Pulumi or the tools
# of the embedded engine. It installs packages only as root, and only where apt-get exists.
# Elsewhere the command itself prints what to install or to start (host/docker-advice.ts).
set -euo pipefail

say() { printf '%s\n' "$*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command without its output. Prints every ten seconds that the command still runs, and its
# output when it fails.
quietly() {
  local what=$1 log pid since=$SECONDS
  shift
  log=$(mktemp)
  say "$what …"
  "$@" >"$log" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    if (((SECONDS - since) % 10 == 9)); then say "  … still $what ($((SECONDS - since)) s)"; fi
  done
  if ! wait "$pid"; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "Failed: $what. The end of its output is above."
  fi
  rm -f "$log"
}

may_install() { [ "$(id -u)" = 0 ] && have apt-get; }

install_packages() {
  local missing=() pair
  # Each argument is command=package. The package counts as installed when the command exists.
  for pair in "$@"; do have "${pair%%=*}" || missing+=("${pair#*=}"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  quietly "updating the package lists" apt-get update
  quietly "installing ${missing[*]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"
}

docker_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# Whether the commands will use Docker's default socket. Another Docker is not started from here.
uses_default_docker() {
  [ -z "${DOCKER_HOST:-}${DOCKER_CONTEXT:-}" ] || return 1
  if [ -f "${STACK_FILE:-}" ] && grep -Eq '^ *"?docker:(host|context)' "$STACK_FILE"; then return 1; fi
  ! have docker || [ "$(docker context show 2>/dev/null || echo default)" = default ]
}

start_docker() {
  install_packages dockerd=docker.io
  # From Debian 13 on, the docker CLI is in a separate package.
  have docker || install_packages docker=docker-cli
  if [ -d /run/systemd/system ]; then
    quietly "starting Docker" systemctl start docker
  else
    say "starting Docker (log: /var/log/dockerd.log) …"
    # Docker has addresses for 31 networks by default. A stack has five to nine.
    local pools=(--default-address-pool "base=10.201.0.0/16,size=24")
    ! [ -e /etc/docker/daemon.json ] || pools=()
    setsid nohup dockerd "${pools[@]}" >>/var/log/dockerd.log 2>&1 </dev/null &
  fi
  local tries=0
  until docker_answers; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || fail "Docker did not answer within 60 s. The end of its log:
$(tail -n 15 /var/log/dockerd.log 2>/dev/null || journalctl -u docker -n 15 2>/dev/null)"
    sleep 1
  done
}

if may_install && uses_default_docker && { ! have docker || ! docker_answers; }; then start_docker; fi

# Without the Pulumi CLI, the embedded engine applies the program. It builds its providers from Go
# modules.
go_is_new_enough() {
  have go && printf 'go1.26\n%s\n' "$(go env GOVERSION)" | sort --check=quiet --version-sort
}
if ! have pulumi && ! go_is_new_enough; then
  fail "Neither pulumi nor Go 1.26 is installed.
Install Pulumi (https://www.pulumi.com/docs/install/), or Go 1.26 or newer (https://go.dev/doc/install)
for the embedded engine."
fi

# `images: packages` builds its Debian base image with mmdebstrap.
if may_install; then install_packages mmdebstrap=mmdebstrap; fi

# `tools/setup.sh test` also installs a browser, in which the end-to-end tests open the web
# interface, and a registry, from which tests/slow pulls images.
if [ "${1:-}" = test ] && may_install; then
  install_packages chromium=chromium docker-registry=docker-registry
fi
