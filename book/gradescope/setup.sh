#!/usr/bin/env bash
# Gradescope runs this as root, once, when it builds the image from the zip; choose Ubuntu 22.04 or later.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/course"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq bubblewrap || echo "No bubblewrap: submissions run as another user." >&2
python=$(command -v python3.11 || command -v python3.12 || true)
if [ -z "$python" ]; then # Ubuntu 22.04 comes with 3.10
    apt-get install -y -qq software-properties-common
    add-apt-repository -y ppa:deadsnakes/ppa
    apt-get install -y -qq python3.11
    python=$(command -v python3.11)
fi
apt-get install -y -qq "$(basename "$python")-venv"

export PIP_EXTRA_INDEX_URL=${PIP_EXTRA_INDEX_URL-https://download.pytorch.org/whl/cpu} # torch for the processor
"$python" -m venv .venv
.venv/bin/python -m pip install --no-cache-dir --quiet --requirement requirements.lock
.venv/bin/python -m pip install --no-cache-dir --quiet --no-deps --no-build-isolation --editable .
