#!/usr/bin/env bash
# pin.sh UV EXTRAS NUMPY2_EXTRAS: writes constraints.txt, constraints-numpy2.txt and constraints-mindinsight.txt anew.
# One resolution for Python 3.10 to 3.12; where they need different versions, the lines carry markers.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$1

pin() { # FILE EXTRAS TITLE REQUIREMENT...
    local file=$1 extras=$2 title=$3
    shift 3
    {
        printf '# %s\n# Written by `make constraints`; PyTorch comes as a CPU build, so nothing of CUDA is here.\n' "$title"
        printf '%s\n' "$@" | "$uv" pip compile --quiet --universal --python-version 3.10 --no-header --no-annotate \
            $(printf -- "--extra %s " ${extras//,/ }) pyproject.toml - | grep -Ev '^(nvidia-|cuda-|triton)'
    } >"$file.new"
    mv "$file.new" "$file"
}

pin constraints.txt "$2" "Everything in .venv: PyTorch and MindSpore side by side, NumPy 1." \
    torch==2.13.0 mindspore==2.10.0 "numpy<2"
pin constraints-numpy2.txt "$3" "Everything in .venv-numpy2: PyTorch on NumPy 2, no MindSpore." \
    torch==2.13.0 "numpy>=2"

{
    printf '# Everything in .venv-mindinsight: the real MindInsight, which opens what `seewhy export mindinsight` writes.\n'
    printf '# Written by `make constraints`.\n'
    echo mindinsight==2.3.1 | "$uv" pip compile --quiet --universal --python-version 3.10 --no-header --no-annotate -
} >constraints-mindinsight.txt.new
mv constraints-mindinsight.txt.new constraints-mindinsight.txt
