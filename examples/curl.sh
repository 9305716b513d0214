#!/usr/bin/env bash
# The whole path with curl alone: upload, submit, poll until SUCCEEDED, download. Start Darkroom first (npm start).
#
#   bash examples/curl.sh [prompt] [image]
#
# DARKROOM_URL names another server, DARKROOM_API_KEY or DARKROOM_DATA its key.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
url="${DARKROOM_URL:-http://localhost:${PORT:-4000}}"
key_file="${DARKROOM_DATA:-$here/../.darkroom}/api-key"
prompt="${1:-A bottle and two fruits at sunset, oil on canvas}"
image="${2:-$here/control.jpg}"

fail() { echo "$*" >&2; exit 1; }

key="${DARKROOM_API_KEY:-$(cat "$key_file" 2>/dev/null || true)}"
[ -n "$key" ] || fail "No API key: set DARKROOM_API_KEY, or DARKROOM_DATA to the server's data folder."

# Text as a JSON string.
quote() { printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | tr '\n\t' '  ' | sed -e 's/^/"/' -e 's/$/"/'; }

# The value of a field in a JSON answer that has it once, so that nothing but curl is needed.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$answer"; }

ask() { # document, variables
  answer="$(curl -sS "$url/graphql" -H "authorization: Bearer $key" -H 'content-type: application/json' \
    -d "{\"query\":$(quote "$1"),\"variables\":$2}")" || fail "Nothing answers at $url; is Darkroom running?"
  [[ "$answer" != *'"errors":['* ]] || fail "$answer"
}

# 1. A finetune profile: a fresh server on the sandbox has two.
ask '{ profiles(first: 1) { nodes { id } } }' '{}'
profile="$(field id)"
[ -n "$profile" ] || fail 'This project has no finetune profile: make one with createProfile and bindProfile.'

# 2. The control image: bytes in, id out.
answer="$(curl -sS "$url/images" -H "authorization: Bearer $key" --data-binary "@$image")"
control="$(field id)"
[ -n "$control" ] || fail "$answer"
echo "uploaded   $control"

# 3. A picture along its edges. What is wrong with an input comes as userErrors.
ask 'mutation Make($input: GenerateFromCannyInput!) {
  generateFromCanny(input: $input) { generation { id } userErrors { path message } }
}' "{\"input\":{\"profileId\":\"$profile\",\"prompt\":$(quote "$prompt"),\"controlImage\":{\"imageId\":\"$control\"}}}"
[[ "$answer" == *'"userErrors":[]'* ]] || fail "$answer"
generation="$(field id)"
echo "accepted   $generation"

# 4. How is it? (Over graphql-ws, generationChanged says so by itself.)
seen=''
while :; do
  ask 'query Look($id: ID!) {
    generation(id: $id) { status error { code message } images { url contentType } }
  }' "{\"id\":\"$generation\"}"
  status="$(field status)"
  case "$status" in
    SUCCEEDED) break ;;
    MODERATED | FAILED | EXPIRED | CANCELED) fail "$status  $answer" ;;
    *) [ "$status" = "$seen" ] || echo "$status"; seen="$status"; sleep 1 ;;
  esac
done

# 5. The picture, at an address that stays.
address="$(field url)"
type="$(field contentType)"
file="darkroom-$generation.${type#image/}"
file="${file/%.jpeg/.jpg}"
curl -sSf "$address" -o "$file"
echo "SUCCEEDED  $address"
echo "saved      $file"
