#!/usr/bin/env bash
# Packs every workspace, installs the packages into an empty folder, and starts contimg there as a user would.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# What an earlier build left of deleted files must not be packed.
rm -rf packages/*/dist apps/*/dist packages/*/*.tsbuildinfo apps/*/*.tsbuildinfo
npm run --silent build
npm pack --silent --workspaces --pack-destination "$folder" >/dev/null
for archive in "$folder"/*.tgz; do
  # Tests, sources and build leftovers stay at home.
  if tar -tzf "$archive" | grep -E '[.]test[.]|[.]tsbuildinfo$|/src/|/test/'; then
    echo "$archive holds files that nobody needs" >&2
    exit 1
  fi
done

mkdir "$folder/app"
cd "$folder/app"
# The Node that the workspace pins stays out of sight: the installed package must find its own.
PATH=$(printf %s "$PATH" | tr : '\n' | grep -v "^$root/" | paste -sd:)
export PATH
echo '{ "name": "somewhere", "private": true }' >package.json
npm install --silent --no-progress "$folder"/*.tgz
printf 'installed under Node %s: ' "$(node --version)"
./node_modules/.bin/contimg --version
./node_modules/.bin/contimg --help >help.txt
grep -q convert help.txt
