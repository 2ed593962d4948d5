#!/bin/bash
# Checks a record of Countersign with jq and openssl alone:   bash check.sh record.json log.pem
# log.pem is the public key of the log, as you got it from somebody else than whoever gave you the record.
# Without it the key in the record is used, which shows that the record fits itself and no more.
set -euo pipefail
record=$1
folder=$(mktemp -d); trap 'rm -r "$folder"' EXIT
say() { jq -jr "$1" "$record"; }
wrong() { echo "WRONG: $1"; exit 1; }
hash() { openssl dgst -sha256 -r | cut -d ' ' -f 1; }
b64url() { (tr -- '-_' '+/' | tr -d '\n'; printf '===') | base64 -di 2>/dev/null || true; }
bytes() { printf "$(printf '%s' "$1" | sed 's/../\\x&/g')"; }

# The checkpoint: a text of three lines, signed with Ed25519.
if [ $# -gt 1 ]; then cat "$2"; else say '.keys.log[0].pem'; fi > "$folder/log.pem"
say .checkpoint > "$folder/checkpoint"
head -n 3 "$folder/checkpoint" > "$folder/body"
tail -n 1 "$folder/checkpoint" | cut -d ' ' -f 3 | base64 -d | tail -c 64 > "$folder/signature"
openssl pkeyutl -verify -pubin -inkey "$folder/log.pem" -rawin -in "$folder/body" -sigfile "$folder/signature" \
  > /dev/null || wrong "the checkpoint was not signed with this key"
size=$(sed -n 2p "$folder/body")
root=$(sed -n 3p "$folder/body" | base64 -d | od -An -v -tx1 | tr -d ' \n')

# Every entry: the hash of its leaf, its way to the signed root (RFC 9162, 2.1.3.2), and its disclosures.
entries=$(say '.story | length')
for ((n = 0; n < entries; n++)); do
  node=$( (printf '\0'; say ".story[$n].leaf") | hash)
  [ "$node" = "$(say ".story[$n].leaf_hash")" ] || wrong "the leaf of entry $n was changed"
  index=$(say ".story[$n].index"); last=$((size - 1))
  for step in $(jq -r ".story[$n].hashes[]" "$record"); do
    step=$(printf '%s' "$step" | base64 -d | od -An -v -tx1 | tr -d ' \n')
    if ((index % 2 == 1 || index == last)); then
      node=$( (printf '\1'; bytes "$step$node") | hash)
      while ((index % 2 == 0 && index > 0)); do index=$((index / 2)); last=$((last / 2)); done
    else
      node=$( (printf '\1'; bytes "$node$step") | hash)
    fi
    index=$((index / 2)); last=$((last / 2))
  done
  [ "$node" = "$root" ] && [ "$last" = 0 ] || wrong "entry $n is not in the log"
  for told in $(jq -r ".story[$n].disclosures[]" "$record"); do
    digest=$(printf '%s' "$told" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=\n')
    say ".story[$n].leaf" | grep -qF -- "\"$digest\"" || wrong "entry $n does not hold one of its disclosures"
  done
done

# The act that was decided, and its digest in the entry of the decision.
of_entry() { jq -jr --arg id "$1" '.story[] | select(.entry == $id) | .leaf' "$record"; }
if [ "$(say '.decision.act | type')" = object ]; then
  act=$( (printf 'countersign/action/v1\0'; jq -cjS .decision.act "$record") | hash)
  [ "$act" = "$(say .decision.act_sha256)" ] || wrong "the act is not the one that was decided"
fi
of_entry "$(say .decision.entry)" | grep -qF "\"action_sha256\":\"$(say .decision.act_sha256)\"" \
  || wrong "the decision's entry is for another act"

# Every signature: its intent, the entry that holds the intent's digest, and what the person's passkey signed.
signatures=$(say '.signatures | length')
for ((n = 0; n < signatures; n++)); do
  intent=$(say ".signatures[$n].intent_sha256")
  if [ "$(say ".signatures[$n].intent | type")" = object ]; then
    made=$( (printf 'countersign/sign-intent/v1\0'; jq -cjS ".signatures[$n].intent" "$record") | hash)
    [ "$made" = "$intent" ] || wrong "signature $n is for another intent"
    [ "$(say ".signatures[$n].intent.action_sha256")" = "$(say ".signatures[$n].act_sha256")" ] \
      || wrong "signature $n is for another act"
  fi
  of_entry "$(say ".signatures[$n].entry")" | grep -qF "\"intent_sha256\":\"$intent\"" \
    || wrong "the entry of signature $n is for another intent"
  [ "$(say ".signatures[$n].passkey | type")" = object ] || continue
  say ".signatures[$n].passkey.publicKeyPem" > "$folder/passkey.pem"
  say ".signatures[$n].passkey.clientDataJSON" | b64url > "$folder/client"
  (say ".signatures[$n].passkey.authenticatorData" | b64url; openssl dgst -sha256 -binary "$folder/client") \
    > "$folder/signed"
  say ".signatures[$n].passkey.signature" | b64url > "$folder/signature"
  challenge=$(jq -r .challenge "$folder/client" | b64url | od -An -v -tx1 | tr -d ' \n')
  [ "$challenge" = "$intent" ] || wrong "the passkey of signature $n signed another intent"
  if grep -q '^MCowBQ' "$folder/passkey.pem"; then # Ed25519 signs the bytes themselves
    openssl pkeyutl -verify -pubin -inkey "$folder/passkey.pem" -rawin -in "$folder/signed" \
      -sigfile "$folder/signature" > /dev/null || wrong "the passkey of signature $n did not sign"
  else
    openssl dgst -sha256 -verify "$folder/passkey.pem" -signature "$folder/signature" "$folder/signed" \
      > /dev/null || wrong "the passkey of signature $n did not sign"
  fi
done
echo "Right: $entries entries in a log of $size, $signatures signatures, one decision: $(say .decision.outcome)."
