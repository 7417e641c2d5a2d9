#!/usr/bin/env bash
# Makes what a new distributed installation needs to keep secrets: an authority, certificates of NATS and EventStoreDB, the keys of
# all processes, and passwords. docker-compose.yml and kustomization.yaml read them from deploy/secrets. What is there already stays.
#
#   deploy/make-secrets.sh [FOLDER] [NAME...]
#
# NAMEs are further names and addresses under which NATS and EventStoreDB are reached, such as nats-1.nats.cairn.svc.
# CAIRN is the command line of Cairn, by default that of this clone.
set -euo pipefail
umask 077
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$root/deploy/secrets}
shift || true
names=("$@")
years=3650

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
(cd "$root" && ${CAIRN:-npx cairn} bus keys "$folder")
cd "$folder"

new_key() { # FILE: RSA, because EventStoreDB takes no other
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$1" 2>/dev/null
}

# Without its key, which is kept elsewhere, the authority stays: the certificates are signed by it.
if [ ! -e ca.crt ]; then
  [ -e ca.key ] || new_key ca.key
  openssl req -x509 -new -key ca.key -sha256 -days "$years" -subj '/O=Cairn/CN=authority of this installation' \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' -out ca.crt
fi

subject_names() { # NAME...: as openssl wants them
  local name
  for name in "$@"; do
    if [[ $name =~ ^[0-9.]+$ || $name == *:* ]]; then printf ',IP:%s' "$name"; else printf ',DNS:%s' "$name"; fi
  done
}

certificate() { # SERVER COMMON-NAME
  local server=$1 common=$2
  [ -e "$server/tls.crt" ] && return
  if [ ! -e ca.key ]; then
    echo "put ca.key back into $folder: it signs the certificate of $server" >&2
    exit 1
  fi
  mkdir -p "$server"
  new_key "$server/tls.key"
  {
    echo 'basicConstraints=CA:FALSE'
    echo 'keyUsage=critical,digitalSignature,keyEncipherment'
    # The servers of a cluster are each other's clients.
    echo 'extendedKeyUsage=serverAuth,clientAuth'
    echo "subjectAltName=DNS:$server,DNS:$server-0.$server,IP:127.0.0.1$(subject_names localhost ${names[@]+"${names[@]}"})"
  } >"$server/extensions"
  openssl req -new -key "$server/tls.key" -subj "/O=Cairn/CN=$common" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -sha256 -days "$years" \
      -extfile "$server/extensions" -out "$server/tls.crt" 2>/dev/null
  rm "$server/extensions"
}

password() { # FILE
  [ -e "$1" ] || openssl rand -hex 24 >"$1"
}

certificate nats nats
# The name that nodes of EventStoreDB know each other by.
certificate eventstore eventstoredb-node

password eventstore/admin-password
password eventstore/ops-password
printf 'EVENTSTORE_DEFAULT_ADMIN_PASSWORD=%s\nEVENTSTORE_DEFAULT_OPS_PASSWORD=%s\n' \
  "$(cat eventstore/admin-password)" "$(cat eventstore/ops-password)" >eventstore/passwords.env
for service in datasets tasks pilots events auth; do password "$service/eventstore-password"; done
# Empty: auth makes its own in its volume. Whoever has such secrets already puts them here.
for secret in auth-shared-secret cairn-secret-key cairn-secret-keys-old credentials-client-secret; do
  [ -e "auth/$secret" ] || : >"auth/$secret"
done

# Containers run as user 1000, and Docker shows them files with the owners that they have here.
if [ "$(id -u)" = 0 ]; then
  chown -R 1000:1000 .
elif [ "$(id -u)" != 1000 ]; then
  echo "for docker compose: sudo chown -R 1000:1000 $folder (containers run as user 1000), and run docker compose by sudo as well" >&2
fi
echo "secrets are in $folder; keep ca.key elsewhere, and a copy of all of it in a safe place" >&2
