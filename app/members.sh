#!/bin/sh
# Prints the folders of the members of the Python workspace, one per line.
sed -n '/^members = \[/,/^\]/s|^  "\(.*\)",$|\1|p' "$(dirname "$0")/../pyproject.toml"
