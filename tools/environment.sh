#!/usr/bin/env bash
# environment.sh DIRECTORY CONSTRAINTS EXTRAS
# Puts SeeWhy (editable), its EXTRAS and everything they need, pinned, into the virtual environment DIRECTORY.
# PYTHON   the interpreter (default: python3, else the newest of 3.12, 3.11, 3.10 on PATH)
# TORCH    what to install as PyTorch (default: the pinned version, CPU build)
# TORCH_INDEX  where CPU builds of PyTorch are found
set -euo pipefail
cd "$(dirname "$0")/.."
directory=$1 constraints=$2 extras=$3
torch_version=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' "$constraints")
torch_index=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}

fail() { printf 'make: %s\n' "$@" >&2; exit 1; }

supported() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.12 python3.11 python3.10}; do
        if supported "$candidate"; then echo "$candidate"; return; fi
    done
    if [ -n "${PYTHON:-}" ]; then
        fail "PYTHON=$PYTHON is not a Python 3.10, 3.11 or 3.12 (it says: $("$PYTHON" --version 2>&1 | tail -n 1))"
    fi
    fail "no Python 3.10, 3.11 or 3.12 on PATH; install one, or name it: make PYTHON=/path/to/python3.12"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
}

# Debian and Ubuntu keep the venv module in a package of its own.
need_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    local package
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    command -v apt-get >/dev/null || fail "$1 has no venv module; install $package or its like"
    { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$package"; } </dev/null >&2 \
        || fail "$1 has no venv module; install it: apt-get install $package"
}

index_answers() {
    "$directory/bin/python" - "$torch_index/torch/" <<'END'
import sys, urllib.request
try:
    urllib.request.urlopen(sys.argv[1], timeout=10).close()
except OSError:
    sys.exit(1)
END
}

# PyPI's PyTorch for Linux is the CUDA build: 3 GB for a GPU that tests do not use.
install_torch() {
    if "$directory/bin/python" -c "import torch; assert torch.__version__.startswith('$torch_version')" \
        2>/dev/null; then
        return
    elif [ -n "${TORCH:-}" ]; then
        pip_install -c "$constraints" "$TORCH"
    elif [ "$(uname)" != Linux ]; then
        pip_install --no-deps "torch==$torch_version"
    elif index_answers; then
        pip_install --no-deps --index-url "$torch_index" "torch==$torch_version"
    else
        pip_install --no-deps "torch==$torch_version+cpu" || fail \
            "$torch_index does not answer, and no other CPU build of torch $torch_version is at hand for this Python." \
            "To take what PyPI has (for Linux: with CUDA, 3 GB): make TORCH=torch==$torch_version"
    fi
}

pip_install() { "$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

version_of() { "$1" -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null; }

# An environment of another Python than the one asked for is made anew.
if ! supported "$directory/bin/python" \
    || [[ -n ${PYTHON:-} && $(version_of "$PYTHON") != $(version_of "$directory/bin/python") ]]; then
    python=$(find_python)
    need_venv "$python"
    echo "Setting up $directory with $("$python" --version)"
    "$python" -m venv --clear "$directory"
fi
echo "Installing into $directory: PyTorch $torch_version, then [$extras]; some minutes the first time"
install_torch
pip_install -c "$constraints" -e ".[$extras]"
if [[ ,$extras, == *,peers,* ]]; then
    index_answers && extra_index=(--extra-index-url "$torch_index") || extra_index=()
    pip_install --no-deps ${extra_index[@]+"${extra_index[@]}"} -r constraints-no-deps.txt
fi
