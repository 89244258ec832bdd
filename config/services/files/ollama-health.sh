#!/usr/bin/env bash
# Asks each model for one token or one vector. Each line of the questions is a path, what a good
# answer contains, and the request. The image has bash, and no HTTP client.
set -u
export LC_ALL=C

while read -r path expected body; do
  exec 3<> /dev/tcp/127.0.0.1/11434 || exit 1
  printf 'POST %s HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' \
    "$path" "${#body}" "$body" >&3
  answer=$(cat <&3)
  exec 3>&-
  if [[ $answer != HTTP/1.?" 200 "* || $answer != *"$expected"* ]]; then
    echo "$path answered ${answer%%$'\r'*}: ${answer##*$'\n'}"
    exit 1
  fi
done < /etc/ragdock/questions
