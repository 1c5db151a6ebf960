#!/usr/bin/env bash
# mindinsight.sh DIRECTORY CONSTRAINTS
# Puts the real MindInsight, pinned, into the virtual environment DIRECTORY: its NumPy and protobuf suit nothing of ours.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=$1 constraints=$2
source tools/venv.sh

make_environment
echo "Installing MindInsight into $directory"
pip_install -c "$constraints" mindinsight
