#!/bin/sh
# Prints the folders of the Python workspace's members, one per line.
sed -n '/^members = \[/,/^\]/s|^  "\(.*\)",$|\1|p' "$(dirname "$0")/../pyproject.toml"
