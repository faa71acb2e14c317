#!/usr/bin/env bash
# Makes every key, certificate, PFX, CRL and DH group that the tests use, into test/certs/.
# Does nothing when they are complete and this script has not changed since. Needs OpenSSL 3.
set -euo pipefail

script=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/$(basename "${BASH_SOURCE[0]}")
target=${1:-$(dirname "$script")/certs}
stamp=$(cksum <"$script")
if [[ -f $target/.stamp && $(<"$target/.stamp") == "$stamp" ]]; then exit 0; fi

# Built aside and renamed at the end: a concurrent run sees all of it or nothing.
mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
exec 3>&2 2>log
trap 'status=$?; if ((status)); then cat log >&3; fi; rm -rf "$work"' EXIT

now=$(date +%s)
day() { date -u -d "@$((now + $1 * 86400))" +%y%m%d%H%M%SZ 2>/dev/null ||
  date -u -r "$((now + $1 * 86400))" +%y%m%d%H%M%SZ; }
since=$(day -2)
until=$(day 3650)

# --- certificate authorities -------------------------------------------------------------------

ec() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:"${2:-P-256}" -out "$1-key.pem"; }

authority() { # authority NAME: an `openssl ca` database for it
  touch "$1.index"
  echo 1000 >"$1.crlnumber"
  cat >"$1.conf" <<CONF
[ca]
default_ca = authority
[authority]
database = $work/$1.index
crlnumber = $work/$1.crlnumber
new_certs_dir = $work/issued
certificate = $work/$1-cert.pem
private_key = $work/$1-key.pem
rand_serial = yes
default_md = sha256
default_crl_days = 3650
policy = policy
unique_subject = no
copy_extensions = none
[policy]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
emailAddress = optional
CONF
}

# issue NAME AUTHORITY SUBJECT EXTENSIONS [SINCE [UNTIL]]: a certificate for NAME-key.pem
issue() {
  openssl req -new -key "$1-key.pem" -subj "$3" -multivalue-rdn -out "$1.csr"
  printf '%b\n' "$4" >"$1.ext"
  openssl ca -batch -notext -config "$2.conf" -in "$1.csr" -extfile "$1.ext" -preserveDN \
    -startdate "${5:-$since}" -enddate "${6:-$until}" -out "$1-cert.pem"
}

root() { # root NAME SUBJECT
  ec "$1"
  openssl req -x509 -new -key "$1-key.pem" -subj "$2" -days 3650 -sha256 -out "$1-cert.pem" \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign'
  authority "$1"
}

mkdir issued
root ca '/C=NZ/O=napi-tls/CN=Test Root'
root other-ca '/O=Elsewhere/CN=Other Root'

ca_ext='basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign'
ca_ext+='\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid'
ec intermediate
issue intermediate ca '/O=napi-tls/CN=Test Intermediate' "$ca_ext"
authority intermediate

# --- servers -----------------------------------------------------------------------------------

leaf='basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment'
leaf+='\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid'
server_ext="$leaf\nextendedKeyUsage=serverAuth"
client_ext="$leaf\nextendedKeyUsage=clientAuth"
local_ext="$server_ext\nsubjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa-key.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss-key.pem
openssl genpkey -algorithm ED25519 -out ed25519-key.pem
ec p256
ec p384 P-384
for name in rsa rsa-pss p256 p384 ed25519; do
  issue "$name" ca "/O=napi-tls/CN=$name" "$local_ext"
done

for name in a b; do
  ec "$name"
  issue "$name" ca "/CN=$name.example.com" "$server_ext\nsubjectAltName=DNS:$name.example.com"
done
ec wild
issue wild ca '/CN=wild' "$server_ext\nsubjectAltName=DNS:*.wild.example.com"
ec cn-only
issue cn-only ca '/CN=localhost' "$server_ext"

# Every kind of field that a certificate object shows.
ec rich
name='/C=NZ/O=Comma, "Quote" = Equals/OU=One/OU=Two/CN=rich+emailAddress=rich@example.com'
issue rich ca "$name" \
  "$server_ext,clientAuth,1.2.3.4
subjectAltName=@names
authorityInfoAccess=OCSP;URI:http://ocsp.example.com/,caIssuers;URI:http://ca.example.com/ca.cer
[names]
DNS.1=localhost
DNS.2=rich.example.com
IP.1=127.0.0.1
IP.2=::1
email.1=rich@example.com
URI.1=http://example.com/a\\\\,b
RID.1=1.2.3.4
dirName.1=directory
otherName.1=1.2.3.4;UTF8:other
[directory]
CN=in the directory"

ec chain
issue chain intermediate '/CN=chain' "$local_ext"
cat chain-cert.pem intermediate-cert.pem >chain-full.pem
ec chain-client
issue chain-client intermediate '/CN=chain client' "$client_ext"
cat chain-client-cert.pem intermediate-cert.pem >chain-client-full.pem

# --- clients -----------------------------------------------------------------------------------

ec client
issue client ca '/O=napi-tls/CN=client' "$client_ext"
ec client-other
issue client-other other-ca '/CN=client of other' "$client_ext"
ec client-revoked
issue client-revoked ca '/CN=revoked client' "$client_ext"

# --- bad ones ----------------------------------------------------------------------------------

ec self-signed
openssl req -x509 -new -key self-signed-key.pem -subj '/CN=localhost' -days 3650 -sha256 \
  -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -out self-signed-cert.pem
ec expired
issue expired ca '/CN=expired' "$local_ext" "$(day -20)" "$(day -10)"
ec future
issue future ca '/CN=future' "$local_ext" "$(day 1000)" "$until"
ec client-expired
issue client-expired ca '/CN=expired client' "$client_ext" "$(day -20)" "$(day -10)"
ec wrong-purpose
issue wrong-purpose ca '/CN=wrong purpose' "$client_ext\nsubjectAltName=DNS:localhost,IP:127.0.0.1"
ec revoked
issue revoked ca '/CN=revoked' "$local_ext"
ec not-a-ca # signs, and must not
issue not-a-ca ca '/CN=not a CA' "$local_ext"
authority not-a-ca
ec under-leaf
issue under-leaf not-a-ca '/CN=under a leaf' "$local_ext"
cat under-leaf-cert.pem not-a-ca-cert.pem >under-leaf-full.pem
ec claims-no-ca # signs without being one, and has no key usage that would say so
issue claims-no-ca ca '/CN=claims no CA' 'basicConstraints=CA:FALSE'
authority claims-no-ca
ec under-claims
issue under-claims claims-no-ca '/CN=under one that is no CA' "$local_ext"
cat under-claims-cert.pem claims-no-ca-cert.pem >under-claims-full.pem
ec sub-ca # the path length of its issuer allows none
issue sub-ca intermediate '/CN=Sub CA' "$ca_ext"
authority sub-ca
ec too-deep
issue too-deep sub-ca '/CN=too deep' "$local_ext"
cat too-deep-cert.pem sub-ca-cert.pem intermediate-cert.pem >too-deep-full.pem
ec link # the pattern for one of many in a chain, all with the same key
openssl req -x509 -new -key link-key.pem -subj '/CN=link xxx' -days 3650 -sha256 -out link-cert.pem \
  -addext 'basicConstraints=critical,CA:TRUE'
openssl x509 -in claims-no-ca-cert.pem -trustout -addtrust serverAuth -out trusted-claims-cert.pem
openssl x509 -in ca-cert.pem -trustout -addtrust serverAuth -out trusted-ca-cert.pem
openssl x509 -in ca-cert.pem -trustout -addtrust clientAuth -out client-only-ca-cert.pem
openssl x509 -in ca-cert.pem -trustout -addreject serverAuth -out rejected-ca-cert.pem
# A signature that does not verify: the last byte of the DER is part of it.
openssl x509 -in p256-cert.pem -outform DER -out tampered.der
last=$(tail -c 1 tampered.der | od -An -tu1)
size=$(($(wc -c <tampered.der)))
printf "\\x$(printf %02x $((last ^ 1)))" |
  dd of=tampered.der bs=1 seek=$((size - 1)) conv=notrunc
openssl x509 -inform DER -in tampered.der -out tampered-cert.pem
cp p256-key.pem tampered-key.pem

for name in revoked client-revoked; do
  openssl ca -batch -config ca.conf -revoke "$name-cert.pem" -crl_reason keyCompromise
done
openssl ca -batch -config ca.conf -gencrl -out ca-crl.pem
openssl ca -batch -config other-ca.conf -gencrl -out other-ca-crl.pem
openssl ca -batch -config intermediate.conf -gencrl -out intermediate-crl.pem
openssl ca -batch -config ca.conf -gencrl -out expired-crl.pem \
  -crl_lastupdate "$(day -20)" -crl_nextupdate "$(day -10)"
openssl ca -batch -config ca.conf -gencrl -out future-crl.pem \
  -crl_lastupdate "$(day 1000)" -crl_nextupdate "$(day 1010)"

# --- other containers --------------------------------------------------------------------------

pass=pass:sesame
openssl pkcs8 -topk8 -in rsa-key.pem -v2 aes-256-cbc -passout $pass -out rsa-key-pkcs8.pem
openssl rsa -in rsa-key.pem -aes256 -traditional -passout $pass -out rsa-key-traditional.pem
openssl rsa -in rsa-key.pem -traditional -out rsa-key-pkcs1.pem
openssl pkcs8 -topk8 -in p256-key.pem -v2 aes-256-cbc -passout $pass -out p256-key-pkcs8.pem
openssl ec -in p256-key.pem -aes256 -passout $pass -out p256-key-traditional.pem
openssl ec -in p256-key.pem -out p256-key-sec1.pem
cat ca-cert.pem other-ca-cert.pem >both-ca-certs.pem

pfx() { # pfx FILE NAME PASSPHRASE [OPTION...]
  local file=$1 name=$2 passphrase=$3
  shift 3
  openssl pkcs12 -export -inkey "$name-key.pem" -in "$name-cert.pem" -passout "pass:$passphrase" \
    "$@" -out "$file.pfx"
}
pfx p256 p256 sesame -certfile ca-cert.pem
pfx p256-open p256 ''
pfx rsa rsa sesame -certfile ca-cert.pem
pfx client client sesame -certfile ca-cert.pem
pfx chain chain sesame -certfile <(cat intermediate-cert.pem ca-cert.pem)
openssl pkcs12 -export -nokeys -in p256-cert.pem -passout $pass -out no-key.pfx
openssl pkcs12 -export -nocerts -inkey p256-key.pem -passout $pass -out no-cert.pfx

openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dh2048.pem
dh() { # dh FILE PRIME: PKCS #3 parameters with generator 2
  printf 'asn1=SEQUENCE:dh\n[dh]\nprime=INTEGER:0x%s\nbase=INTEGER:2\n' "$2" >dh.cnf
  openssl asn1parse -genconf dh.cnf -noout -out dh.der
  openssl dhparam -inform DER -in dh.der -out "$1"
  rm dh.cnf
}
# The groups of RFC 2409, sections 6.1 (768 bits) and 6.2 (1024 bits), which share their first bits.
oakley=FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22
oakley+=514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6
oakley+=F44C42E9A63
dh dh768.pem "${oakley}A3620FFFFFFFFFFFFFFFF"
rest=7ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFF
rest+=FFFFF
dh dh1024.pem "$oakley$rest"

rm -rf issued log ./*.csr ./*.ext ./*.conf ./*.index* ./*.crlnumber* ./*.attr ./*.old ./*.der
echo "$stamp" >.stamp
cd /
chmod 755 "$work"
rm -rf "$target"
# Somebody else's run may have been faster; its files are as good.
[[ -e $target ]] || mv "$work" "$target"
