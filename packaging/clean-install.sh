#!/bin/sh
# The wheel in clean environments, each with exactly what the lock brings: does every module import, is `cadre` there, and
# does it answer from another folder, with nothing but itself on the path?
#   sh packaging/clean-install.sh [WHICH ...]     core, speech, vision, all; without any, each of them
# Takes a minute when uv has the distributions already. The environments are left in build/clean-install (or CLEAN_INSTALL) to look at.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
uv=.venv/bin/uv
version=$($python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
system=$($python -c 'import sys; print(sys.platform)')
where=${CLEAN_INSTALL:-build/clean-install}

rm -rf "$where"
mkdir -p "$where"
where=$(cd "$where" && pwd)
$uv build --quiet --no-config --wheel --out-dir "$where/wheel" .
wheel=$(ls "$where"/wheel/*.whl)

check() { # which, extras...
    which=$1 && shift
    folder=$where/$which
    $python packaging/locked.py --system "$system" --python "$version" "$@" > "$where/$which.txt"
    $uv venv --quiet --no-config --python "$python" "$folder"
    $uv pip install --quiet --python "$folder/bin/python" --no-deps --require-hashes -r "$where/$which.txt"
    $uv pip install --quiet --python "$folder/bin/python" --no-deps "$wheel"
    printf '%s: ' "$which"
    QT_QPA_PLATFORM=offscreen "$folder/bin/python" -I packaging/import-everything.py
    mkdir -p "$where/elsewhere"
    (cd "$where/elsewhere" && for command in "cadre --version" "cadre ask Hello! --max-tokens 8" "cadre models"; do
        env -i HOME="$PWD" CADRE_HOME="$PWD/$which" PATH="$folder/bin:/usr/bin:/bin" sh -c "$command"
    done)
}

for which in "${@:-each}"; do
    case $which in
        core) check core ;;
        speech) check speech --extra speech ;;
        vision) check vision --extra vision ;;
        all) check all --extra speech --extra vision ;;
        each) check core; check speech --extra speech; check vision --extra vision; check all --extra speech --extra vision ;;
        *) echo "No such install: $which" >&2; exit 2 ;;
    esac
done
