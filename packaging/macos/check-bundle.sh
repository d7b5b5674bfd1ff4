#!/bin/sh
# Checks a built Cadre.app from the inside: sh packaging/macos/check-bundle.sh [Cadre.app] [FOLDER for what it says]
# What every Mac of a developer has by chance must not help: the bundle's Python is isolated and runs the bundle's code.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
bundle=$(cd "${1:-$root/packaging/macos/build/cadre/macos/app/Cadre.app}" && pwd)
mkdir -p "${2:-$root/build/bundle}"
out=$(cd "${2:-$root/build/bundle}" && pwd)
cadre=$bundle/Contents/MacOS/Cadre
python="$root/.venv/bin/python"
# Names and tests come from the tree; app, engine and resources must not.
tree=$out/tree
rm -rf "$tree" && mkdir -p "$tree"
cp -R "$root/tests" "$root/packaging" "$root/docs" "$root/.github" "$root/pyproject.toml" "$root/uv.lock" "$root/README.md" "$tree/"
export CADRE_HOME="$out/home" QT_QPA_PLATFORM=offscreen

echo "== What it says of itself"
plutil -p "$bundle/Contents/Info.plist" > "$out/Info.txt"
codesign --display --entitlements - --xml "$bundle" > "$out/entitlements.plist" 2>/dev/null
for key in com.apple.security.device.audio-input com.apple.security.cs.disable-library-validation; do
    grep -q "$key" "$out/entitlements.plist" || { echo "The signature lacks $key." >&2; exit 1; }
done
test -f "$bundle/Contents/Resources/app_packages/mlx/lib/mlx.metallib"
"$cadre" --version

echo "== Every module, from the bundle alone"
"$cadre" -c "
import runpy, sys
assert all('.app/' in place for place in sys.path if place), sys.path
sys.argv = ['import-everything.py']
runpy.run_path('$root/packaging/import-everything.py', run_name='__main__')"

echo "== doctor"
"$cadre" doctor | tee "$out/doctor.txt"
"$cadre" doctor --json > "$out/doctor.json"
"$python" -c "
import json, sys
report = json.load(open('$out/doctor.json'))
by_name = {finding['what']: finding for finding in report['findings']}
for needed in ('MLX', 'Metal', 'Microphone', 'Accessibility', 'Key over every program', 'Disk speed', 'Memory'):
    assert needed in by_name, f'doctor does not say anything of {needed}'
assert report['ready'], [finding for finding in report['findings'] if finding['state'] == 'missing']"

echo "== An answer of the built-in model, its engine a child of the bundle"
"$cadre" ask "I would like to book a table for two." --max-tokens 24 --json > "$out/answer.json"

echo "== Tests, run by the bundle: what a Mac has first (the protocols' conformance), then the rest"
site=$out/site
"$python" "$root/packaging/locked.py" --system darwin --python 3.13 --only-group dev > "$out/dev.txt"
"$root/.venv/bin/uv" pip install --quiet --target "$site" --python-platform aarch64-apple-darwin --python-version 3.13 \
    --no-deps --require-hashes -r "$out/dev.txt"
run_tests() { # folders or files
    (cd "$tree" && "$cadre" -c "
import sys
sys.path[:0] = ['$tree']
sys.path.append('$site')  # last: what the bundle has is the bundle's
import pytest
sys.exit(pytest.main(sys.argv[1:]))" -p no:cacheprovider "$@")
}
run_tests tests/desktop tests/macos tests/budget/test_pressure.py tests/cli/test_around.py
# Read the sources of a clone: these are about the tree, and run there.
run_tests tests --ignore tests/test_import_wall.py --ignore tests/packaging --ignore tests/security/test_never.py \
    --deselect tests/security/test_privacy.py::test_a_label_that_may_show_what_others_wrote_shows_it_as_text \
    --deselect tests/cli/test_main.py "${BUNDLE_TESTS:--q}"
