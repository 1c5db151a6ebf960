#!/usr/bin/env bash
# environment.sh DIRECTORY CONSTRAINTS EXTRAS
# Puts SeeWhy (editable), its EXTRAS and everything they need, pinned, into the virtual environment DIRECTORY.
# PYTHON   see tools/venv.sh
# TORCH    what to install as PyTorch (default: the pinned version, CPU build)
# TORCH_INDEX  where CPU builds of PyTorch are found
set -euo pipefail
cd "$(dirname "$0")/.."
directory=$1 constraints=$2 extras=$3
source tools/venv.sh
torch_version=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' "$constraints")
torch_index=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}

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

make_environment
echo "Installing into $directory: PyTorch $torch_version, then [$extras]; some minutes the first time"
install_torch
pip_install -c "$constraints" -e ".[$extras]"
if [[ ,$extras, == *,peers,* ]]; then
    index_answers && extra_index=(--extra-index-url "$torch_index") || extra_index=()
    pip_install --no-deps ${extra_index[@]+"${extra_index[@]}"} -r constraints-no-deps.txt
fi
