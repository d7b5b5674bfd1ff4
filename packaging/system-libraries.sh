#!/bin/sh
# Debian packages that Cadre uses on Linux, installed if missing. Never fails: it says what is missing and goes on.
# macOS has all of this built in.
set -u
[ "$(uname -s)" = Linux ] || exit 0

# package             what for
packages='
libopenblas0          float32 products 30 times faster than with the BLAS inside the MLX wheel
libportaudio2         the microphone and the loudspeaker
espeak-ng             a voice for `cadre say` and answers read aloud
libegl1               the rest is for the window, that is for Qt: drawing,
libgl1
libglib2.0-bin        the event loop (needs the library, which has another name in each release)
libdbus-1-3           dark mode and file dialogs of the desktop,
libfontconfig1        fonts,
fonts-dejavu-core
libxkbcommon0         the keyboard,
libxkbcommon-x11-0
libxcb-cursor0        and the X server
libxcb-icccm4
libxcb-image0
libxcb-keysyms1
libxcb-render-util0
libxcb-shape0
libxcb-xinerama0
'

if ! command -v dpkg-query >/dev/null 2>&1; then exit 0; fi
missing=
for package in $(printf '%s' "$packages" | awk 'NF {print $1}'); do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *' installed') ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "Cadre runs better with these system libraries: sudo apt-get install --yes$missing" >&2
    exit 0
fi
echo "Installing system libraries:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install --quiet --quiet --yes --no-install-recommends $missing </dev/null >/dev/null; }
install 2>/dev/null || { apt-get update --quiet --quiet >/dev/null && install; } ||
    echo "They could not be installed; Cadre goes on without:$missing" >&2
exit 0
