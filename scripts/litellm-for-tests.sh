#!/bin/sh
# A private LiteLLM proxy with mock answers, for the tests of the model client against a protocol that is not ours.
#
#   eval "$(scripts/litellm-for-tests.sh)"     install and start if need be, and set ERRAND_TEST_LITELLM_URL
#   scripts/litellm-for-tests.sh stop          stop it
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
wanted="$root/scripts/litellm/requirements.txt"
title="LiteLLM"
home="$root/.cache/litellm"
state="$root/.cache/litellm-running"
variable=ERRAND_TEST_LITELLM_URL
salt=331
. "$root/scripts/lib/service-for-tests.sh"

install() {
    if [ -x "$home/bin/litellm" ] && cmp -s "$wanted" "$home/requirements.txt"; then return 0; fi
    say "Installing LiteLLM for the tests …"
    python3 -m venv "$home" >&2
    "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
    cp "$wanted" "$home/requirements.txt"
}

answers() {
    curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:$1/health/liveliness"
}

serve() {
    export LITELLM_TELEMETRY=False LITELLM_LOCAL_MODEL_COST_MAP=True
    # In the shell's place, so that its process is the one that is ended.
    exec "$home/bin/litellm" --config "$root/scripts/litellm/config.yaml" --host 127.0.0.1 --port "$1" --telemetry False
}

main "$@"
