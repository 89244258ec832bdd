#!/usr/bin/env bash
# What a machine needs before `make up`: a Docker engine that answers, and the tools of the embedded engine.
# Installs what is missing as root on Debian and Ubuntu; elsewhere it says in words what to install.
set -euo pipefail

say() { printf '%s\n' "$*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command quietly, says every ten seconds that it still runs, and shows its output when it fails.
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
  # command=package: the command shows whether the package is there.
  for pair in "$@"; do have "${pair%%=*}" || missing+=("${pair#*=}"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  may_install || fail "Missing here: ${missing[*]}.
Install them (on Debian or Ubuntu: sudo apt-get install ${missing[*]}), or run this as root there."
  quietly "updating the package lists" apt-get update
  quietly "installing ${missing[*]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"
}

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

start_engine() {
  if [ -n "${DOCKER_HOST:-}" ]; then
    fail "The Docker engine at DOCKER_HOST=$DOCKER_HOST does not answer. Start it there, or unset DOCKER_HOST for this machine's own."
  fi
  install_packages dockerd=docker.io
  # From Debian 13 on the command line is a package of its own.
  have docker || install_packages docker=docker-cli
  if [ "$(id -u)" != 0 ]; then
    fail "The Docker engine does not answer. Start it (sudo systemctl start docker), and if it runs,
let this user use it: sudo usermod -aG docker $(id -un), then log in again."
  fi
  if [ -d /run/systemd/system ]; then
    quietly "starting the Docker engine" systemctl start docker
  else
    say "starting the Docker engine (its log: /var/log/dockerd.log) …"
    setsid nohup dockerd >>/var/log/dockerd.log 2>&1 </dev/null &
  fi
  local tries=0
  until engine_answers; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || fail "The Docker engine did not answer within a minute. The end of its log:
$(tail -n 15 /var/log/dockerd.log 2>/dev/null || journalctl -u docker -n 15 2>/dev/null)"
    sleep 1
  done
}

if ! have docker || ! engine_answers; then start_engine; fi

# Without Pulumi the embedded engine builds its providers from Go modules.
go_is_new_enough() {
  have go && printf 'go1.26\n%s\n' "$(go env GOVERSION)" | sort --check=quiet --version-sort
}
if ! have pulumi && ! go_is_new_enough; then
  fail "Neither pulumi nor Go 1.26 is here. Install Pulumi (https://www.pulumi.com/docs/install/),
or Go 1.26 or newer (https://go.dev/doc/install) for the embedded engine."
fi

# `images: packages` makes its own Debian base.
if may_install; then install_packages mmdebstrap=mmdebstrap; fi

# The end-to-end tests look at the web interface in a real browser: `tools/setup.sh test`.
if [ "${1:-}" = test ] && may_install; then install_packages chromium=chromium; fi
