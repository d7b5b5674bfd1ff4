#!/bin/sh
# Makes .venv from the lock. Needs Python 3.11 or later with venv and pip; `make` calls it when something changed.
# PYTHON=... chooses another Python than the first that fits.
set -eu
cd "$(dirname "$0")/.."

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

first_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if fits "$name"; then command -v "$name"; return; fi
    done
    echo "Cadre needs Python 3.11 or later, and ${PYTHON:-python3} is none. Install one or name it: make PYTHON=..." >&2
    exit 1
}

sh packaging/system-libraries.sh
if ! fits .venv/bin/python; then
    python=$(first_python)
    rm -rf .venv
    "$python" -m venv .venv
fi
if ! [ -x .venv/bin/uv ]; then .venv/bin/python -m pip install --quiet 'uv>=0.9'; fi
# --no-config: what a machine sets for its own mirrors must not change what the lock says.
env -u UV_PROJECT_ENVIRONMENT .venv/bin/uv sync --no-config --frozen --quiet --all-extras --compile-bytecode --python .venv/bin/python
