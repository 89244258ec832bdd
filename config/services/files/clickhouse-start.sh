#!/usr/bin/env bash
# Starts ClickHouse with one user in place of the default one, which has no password. The server
# copies its configuration to the volume, which backups contain. So the configuration has the hash
# of the password only. CLIENT comes from the environment.
set -euo pipefail

hash=$(printf '%s' "$(< /run/secrets/password)" | sha256sum | cut -d ' ' -f 1)
cat > /etc/clickhouse-server/users.d/ragdock.xml << END
<clickhouse>
  <users>
    <default remove="remove"></default>
    <$CLIENT>
      <password_sha256_hex>$hash</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </$CLIENT>
  </users>
</clickhouse>
END
exec /entrypoint.sh "$@"
