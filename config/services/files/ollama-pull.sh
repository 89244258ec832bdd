#!/usr/bin/env bash
# Downloads the models that the volume does not have. It starts a temporary server for that, because
# the service is healthy only once it has the models. Each line of the list is a model's name in
# JSON. The image has bash, and no HTTP client.
set -uo pipefail
export LC_ALL=C OLLAMA_HOST=127.0.0.1:11434

# Sends a request as file descriptor 3. ask PATH BODY
ask() {
  exec 3<> /dev/tcp/127.0.0.1/11434 || return
  printf 'POST %s HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "${#2}" "$2" >&3
}

# Prints each step, and each twentieth part of a download. The server continues an earlier download.
# pull MODEL
pull() {
  local line status='' error='' shown='' part total completed twentieths
  ask /api/pull "{\"model\":$1}" || return
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line =~ \"error\":\"(.*)\" ]]; then error=${BASH_REMATCH[1]//\\/}; fi
    [[ $line =~ \"status\":\"([^\"]*)\" ]] || continue
    status=${BASH_REMATCH[1]} part=''
    if [[ $line =~ \"total\":([1-9][0-9]*) ]]; then
      total=${BASH_REMATCH[1]} completed=0
      if [[ $line =~ \"completed\":([0-9]+) ]]; then completed=${BASH_REMATCH[1]}; fi
      twentieths=$((completed * 20 / total))
      part=" $((twentieths * 5)) % of $((total / 1000000)) MB"
    fi
    if [[ $status$part != "$shown" ]]; then echo "$1: $status$part"; fi
    shown=$status$part
  done <&3
  exec 3>&-
  if [[ $status == success && -z $error ]]; then return; fi
  if [[ -z $error ]]; then
    tail -n 5 /tmp/serve.log
    error='the server ended the download without an error message'
  fi
  echo "$1 could not be downloaded: $error"
  case $error in
    *'file does not exist'*)
      echo 'The registry has no such model. https://ollama.com/library has the names, such as llama3.2:3b.' ;;
    *lookup* | *'dial tcp'* | *timeout*)
      echo 'The registry cannot be reached. Behind a proxy, set services.ollama-pull.environment.HTTPS_PROXY.' ;;
  esac
  return 1
}

ollama serve > /tmp/serve.log 2>&1 &
server=$!
trap 'kill "$server" 2> /dev/null' EXIT
until (exec 3<> /dev/tcp/127.0.0.1/11434) 2> /dev/null; do
  if ! kill -0 "$server" 2> /dev/null; then
    cat /tmp/serve.log
    echo 'ollama serve ended before it answered.'
    exit 1
  fi
  sleep 0.2
done

while read -r model; do
  ask /api/show "{\"model\":$model}" || exit 1
  read -r _ status _ <&3
  exec 3>&-
  if [[ $status == 200 ]]; then
    echo "$model is on the volume."
  else
    pull "$model" || exit 1
  fi
done < /etc/ragdock/models
