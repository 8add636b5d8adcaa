#!/usr/bin/env bash
# Where an accelerator is at hand: the library's tests and the times of a step on it, in under ten minutes.
# Where there is none, it says so and exits 0. Run it from anywhere, in the course's environment or with PYTHON=… set.
#
#     bash benchmarks/accelerator.sh [STEPS.json]
set -euo pipefail
json=$(realpath -m "${1:-_build/accelerator.json}")
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
command -v "$python" >/dev/null || { echo "There is no $python; run make first, or set PYTHON." >&2; exit 2; }
mkdir -p "$(dirname "$json")"

name=$("$python" -c '
import torch
device = torch.accelerator.current_accelerator(check_available=True)
print(device and (torch.cuda.get_device_name() if device.type == "cuda" else device.type) or "")')
if [ -z "$name" ]; then
    echo "No accelerator that PyTorch can use here: nothing to do."
    exit 0
fi
echo "== $name"
status=0
# Without the configuration of the whole suite: a machine with an accelerator may have torch and little else.
export PYTHONPATH="src${PYTHONPATH:+:$PYTHONPATH}"
timeout 240 "$python" -m pytest -q --noconftest -p no:cacheprovider -o addopts= -o filterwarnings=default -rs \
    --import-mode=importlib \
    tests/test_training.py tests/test_games.py tests/test_nets.py tests/test_latents.py tests/test_data.py || status=$?
timeout 300 "$python" benchmarks/steps.py --accelerator --threads 1 --json "$json" || status=$?
exit $status
