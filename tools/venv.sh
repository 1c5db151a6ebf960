# Sourced: finds a Python and makes virtual environments with it. `directory` names the environment.
# PYTHON   the interpreter (default: python3, else the newest of 3.12, 3.11, 3.10 on PATH)

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

pip_install() { "$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

version_of() { "$1" -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null; }

# An environment of another Python than the one asked for is made anew.
make_environment() {
    supported "$directory/bin/python" \
        && [[ -z ${PYTHON:-} || $(version_of "$PYTHON") == $(version_of "$directory/bin/python") ]] && return
    local python
    python=$(find_python)
    need_venv "$python"
    echo "Setting up $directory with $("$python" --version)"
    "$python" -m venv --clear "$directory"
}
