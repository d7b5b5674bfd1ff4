#!/bin/sh
# Makes Cadre.app and its DMG on a Mac with Apple silicon: sh packaging/macos/build.sh
#
# Nothing set: signed ad hoc, for this Mac only. To give it to others (docs/packaging.md):
#   CADRE_IDENTITY         "Developer ID Application: NAME (TEAM)", from the keychain: signs with the hardened runtime
#   CADRE_NOTARY_APPLE_ID  with CADRE_NOTARY_PASSWORD (app-specific) and CADRE_NOTARY_TEAM: notarises and staples
# or, in place of those three, an App Store Connect key:
#   CADRE_NOTARY_KEY       a .p8 file, with CADRE_NOTARY_KEY_ID, CADRE_NOTARY_ISSUER and CADRE_NOTARY_TEAM
#   PYTHON                 Python 3.13, which is also what the app gets
# Not inside iCloud Drive: it adds attributes that codesign refuses.
set -eu
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
BRIEFCASE_VERSION=0.4.7

say() { printf '\n== %s\n' "$1" >&2; }
fail() { echo "$1" >&2; exit 1; }

if [ "$(uname -s)-$(uname -m)" != Darwin-arm64 ]; then fail "Cadre.app is built on a Mac with Apple silicon."; fi
PYTHON=${PYTHON:-python3.13}
"$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null ||
    fail "Cadre.app needs Python 3.13 to build: brew install python@3.13, or name one: PYTHON=..."
if [ -n "${CADRE_NOTARY_APPLE_ID:-}${CADRE_NOTARY_KEY:-}" ] && [ -z "${CADRE_IDENTITY:-}" ]; then
    fail "Only what is signed with a Developer ID can be notarised: set CADRE_IDENTITY."
fi
needed() { # variable that is set, those that it is no use without...
    what=$1 && shift
    for name in "$@"; do
        eval "value=\${$name:-}"
        [ -n "$value" ] || fail "$what also needs $name."
    done
}
notarise=
if [ -n "${CADRE_NOTARY_KEY:-}" ]; then
    notarise=key
    needed CADRE_NOTARY_KEY CADRE_NOTARY_KEY_ID CADRE_NOTARY_ISSUER CADRE_NOTARY_TEAM
    [ -f "$CADRE_NOTARY_KEY" ] || fail "CADRE_NOTARY_KEY is no file."
elif [ -n "${CADRE_NOTARY_APPLE_ID:-}" ]; then
    notarise=account
    needed CADRE_NOTARY_APPLE_ID CADRE_NOTARY_PASSWORD CADRE_NOTARY_TEAM
fi
xcrun --find codesign_allocate >/dev/null 2>&1 ||
    fail "Cadre.app needs Xcode's command line tools to build: xcode-select --install"

say "Tools and the list of what goes in"
rm -rf build dist
mkdir -p build
cp "$root/LICENSE" build/LICENSE
make -C "$root" --no-print-directory PYTHON="$PYTHON" .venv/.set-up
"$root/.venv/bin/python" "$root/packaging/locked.py" --system darwin --python 3.13 --extra speech --extra vision \
    > build/requirements.txt
"$PYTHON" -m venv build/tools
build/tools/bin/python -m pip install --quiet "briefcase==$BRIEFCASE_VERSION"
briefcase=$PWD/build/tools/bin/briefcase

say "Icon"
"$root/.venv/bin/python" "$root/packaging/render-icons.py" build/icon
iconutil --convert icns --output build/icon/Cadre.icns build/icon/Cadre.iconset

say "Bundle"
"$briefcase" create macOS app --no-input
bundle=build/cadre/macos/app/Cadre.app
# The look of macOS 26, from Xcode 26 on; without it that system shows the .icns as the older ones do.
if xcrun actool build/icon/Cadre.icon --compile build/icon --app-icon Cadre --platform macosx \
    --minimum-deployment-target 14.0 --output-partial-info-plist build/icon/partial.plist >/dev/null 2>&1 &&
    [ -f build/icon/Assets.car ]; then
    cp build/icon/Assets.car "$bundle/Contents/Resources/"
else
    echo "This Xcode makes no layered icon: Cadre has one look everywhere." >&2
fi
# The stub writes no bytecode into a signed bundle: without this every start would compile a thousand files. What some
# distribution ships for another Python does not compile; it says so and stays as it is. Folders are whole paths: -s takes
# off only what they begin with.
contents=$PWD/$bundle/Contents
"$PYTHON" -m compileall -q -j 0 --invalidation-mode unchecked-hash -s "$contents" \
    "$contents/Resources/app" "$contents/Resources/app_packages" \
    "$contents/Frameworks/Python.framework/Versions/3.13/lib/python3.13" || true
[ -d "$contents/Resources/app/app/__pycache__" ] || fail "No bytecode was written: the bundle's layout is another one."
"$briefcase" build macOS app --no-input

say "Signature and disk image"
if [ -n "${CADRE_IDENTITY:-}" ]; then
    set -- --identity "$CADRE_IDENTITY"
    if [ -n "$notarise" ]; then
        profile="briefcase-macOS-$CADRE_NOTARY_TEAM"  # where Briefcase looks
        if [ "$notarise" = key ]; then
            xcrun notarytool store-credentials "$profile" --key "$CADRE_NOTARY_KEY" \
                --key-id "$CADRE_NOTARY_KEY_ID" --issuer "$CADRE_NOTARY_ISSUER"
        else
            xcrun notarytool store-credentials "$profile" --apple-id "$CADRE_NOTARY_APPLE_ID" \
                --team-id "$CADRE_NOTARY_TEAM" --password "$CADRE_NOTARY_PASSWORD"
        fi
    else
        set -- "$@" --no-notarize
    fi
else
    set -- --adhoc-sign
fi
"$briefcase" package macOS app --packaging-format dmg --no-input "$@"

say "What came out"
codesign --verify --deep --strict "$bundle"
if [ -n "$notarise" ]; then # as a Mac will look at it that never saw it
    xcrun stapler validate dist/Cadre-*.dmg
    spctl --assess --type open --context context:primary-signature --verbose dist/Cadre-*.dmg
fi
du -sh "$bundle" dist/*.dmg
