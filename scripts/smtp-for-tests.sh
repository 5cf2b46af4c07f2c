#!/bin/sh
# Private mail servers for the tests of results by e-mail: over TLS, with passwords, and one that breaks off.
#
#   eval "$(scripts/smtp-for-tests.sh)"     install and start if need be, and set ERRAND_TEST_SMTP_URL
#   scripts/smtp-for-tests.sh stop          stop them
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
wanted="$root/scripts/smtp/requirements.txt"
title="mail servers"
home="$root/.cache/smtp"
state="$root/.cache/smtp-running"
variable=ERRAND_TEST_SMTP_URL
salt=811
. "$root/scripts/lib/service-for-tests.sh"

install() {
    if [ -x "$home/bin/python" ] && cmp -s "$wanted" "$home/requirements.txt"; then return 0; fi
    say "Installing the mail servers for the tests …"
    python3 -m venv "$home" >&2
    "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
    cp "$wanted" "$home/requirements.txt"
}

answers() {
    curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:$1/about"
}

serve() {
    # In the shell's place, so that its process is the one that is ended.
    exec "$home/bin/python" "$root/scripts/smtp/server.py" "$1" "$state"
}

main "$@"
