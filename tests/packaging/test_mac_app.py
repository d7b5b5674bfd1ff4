"""What Cadre.app must say of itself to macOS, and what it may not. A missing key is silence or a crash on a Mac."""

from __future__ import annotations

import ast
import fnmatch
import re

import pytest

from tests.packaging.scripts import PACKAGING, ROOT, script, toml

PROJECT = toml("packaging", "macos", "pyproject.toml")["tool"]["briefcase"]
APP = PROJECT["app"]["cadre"]
MAC = APP["macOS"]
INFO, ENTITLEMENTS = MAC["info"], MAC["entitlement"]
BUILD = (PACKAGING / "macos" / "build.sh").read_text(encoding="utf-8")

# Code that asks macOS for something, and the sentence macOS shows when it does. Without the sentence the app is ended.
USES = {
    "NSMicrophoneUsageDescription": r"\bimport sounddevice\b|AVCaptureDevice|QMicrophonePermission",
    "NSSpeechRecognitionUsageDescription": r"\bSFSpeechRecognizer\b",
    "NSAppleEventsUsageDescription": r"\bNSAppleScript\b|osascript|OSAScript",
    "NSCameraUsageDescription": r"\bQCamera\b|AVMediaTypeVideo",
    "NSLocationWhenInUseUsageDescription": r"\bCLLocationManager\b",
    "NSContactsUsageDescription": r"\bCNContactStore\b",
    "NSCalendarsUsageDescription": r"\bEKEventStore\b",
}


def source() -> str:
    files = [file for side in ("app", "engine") for file in (ROOT / side).rglob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


SOURCE = source()


@pytest.mark.parametrize("key", USES)
def test_what_the_code_asks_for_is_explained_and_nothing_else(key):
    assert (key in INFO) == bool(re.search(USES[key], SOURCE))


@pytest.mark.parametrize("folder", ["Desktop", "Documents", "Downloads"])
def test_folders_that_macos_guards_are_explained(folder):
    assert f"NS{folder}FolderUsageDescription" in INFO


def test_disks_that_macos_guards_are_explained():
    assert {"NSRemovableVolumesUsageDescription", "NSNetworkVolumesUsageDescription"} <= INFO.keys()


@pytest.mark.parametrize("key", [key for key in INFO if key.endswith("UsageDescription")])
def test_a_usage_sentence_is_one_for_people(key):
    sentence = INFO[key]

    assert re.fullmatch(r"Cadre [^.]+\.( [A-Z][^.]+\.)?", sentence)
    assert 40 <= len(sentence) <= 140
    assert not re.search(r"\b(API|TCC|app needs|access to|permission|functionality)\b", sentence)


def test_entitlements_are_these_and_no_more():
    """audio-input is what macOS wants of a program outside the sandbox; device.microphone does nothing there."""
    assert ENTITLEMENTS == {
        "com.apple.security.device.audio-input": True,
        "com.apple.security.cs.allow-unsigned-executable-memory": True,
        "com.apple.security.cs.disable-library-validation": True,
    }
    assert "permission" not in APP
    assert "permission" not in MAC


def test_the_keys_that_every_app_has():
    assert MAC["universal_build"] is False
    assert MAC["min_os_version"] == "14.0"
    assert APP["formal_name"] == INFO["CFBundleDisplayName"] == INFO["CFBundleIconName"] == "Cadre"
    assert INFO["LSApplicationCategoryType"] == "public.app-category.productivity"
    assert INFO["NSHighResolutionCapable"] is True
    assert "Apache" in INFO["NSHumanReadableCopyright"]
    assert "LSUIElement" not in INFO  # Cadre decides while it runs whether it stands in the Dock


def test_it_is_the_version_that_the_wheel_is():
    assert PROJECT["version"] == toml("pyproject.toml")["project"]["version"]


def test_it_holds_what_a_clone_holds_beside_one_another():
    assert [source.rpartition("/")[2] for source in APP["sources"]] == ["cadre", "app", "engine", "resources"]
    assert all((PACKAGING / "macos" / source).is_dir() for source in APP["sources"])


def test_it_is_installed_from_the_lock_by_hash_and_without_resolution():
    assert APP["requires"] == ["-r", "build/requirements.txt"]
    assert set(APP["requirement_installer_args"]) == {"--no-deps", "--require-hashes"}
    exported = re.search(r"locked\.py.*?> build/requirements\.txt", BUILD, re.DOTALL)
    assert exported
    assert "--system darwin --python 3.13 --extra speech --extra vision" in exported[0]


def test_no_extra_of_the_project_stays_out():
    extras = toml("pyproject.toml")["project"]["optional-dependencies"]

    assert all(f"--extra {extra}" in BUILD for extra in extras)


def test_signing_knows_no_secret():
    """Names come from the environment, values from the keychain of whoever builds; nothing is printed."""
    for name in ("IDENTITY", "NOTARY_PASSWORD", "NOTARY_APPLE_ID", "NOTARY_TEAM", "NOTARY_KEY_ID", "NOTARY_ISSUER"):
        assert f"CADRE_{name}" in BUILD
        assert not re.search(rf"^\s*(export )?CADRE_{name}=", BUILD, re.MULTILINE)
    assert "set -x" not in BUILD


def test_no_file_of_the_tree_holds_a_key_or_a_password():
    told = re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{40}|\bhf_[A-Za-z0-9]{34}\b"
        r"|\b[a-z]{4}(-[a-z]{4}){3}\b(?=['\"])|Developer ID Application: (?!NAME)\w+ .*\([A-Z0-9]{10}\)"
    )
    suspects = [
        file
        for folder in ("packaging", ".github", "app", "engine", "resources", "docs")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".sh", ".toml", ".yml", ".md", ".json", ".desktop"} and "build" not in file.parts
    ]
    assert len(suspects) > 300
    assert [file for file in suspects if told.search(file.read_text(encoding="utf-8"))] == []
    assert not [file for file in (ROOT / "packaging").rglob("*") if file.suffix in {".p8", ".p12", ".cer", ".pem"}]


def qt_modules() -> set[str]:
    """Those that the app imports, anywhere."""
    found = set()
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("PySide6."):
                found.add(node.module.partition(".")[2])
    return found


def test_nothing_that_the_app_uses_is_left_out():
    patterns = script("left-out").patterns()
    used = qt_modules() | {"QtDBus"}  # QtGui is linked to it
    kept = [f"PySide6/{name}.abi3.so" for name in used] + [f"PySide6/Qt/lib/{name}.framework" for name in used]
    kept += [f"PySide6/Qt/plugins/{name}" for name in ("platforms", "styles", "imageformats", "iconengines")]
    kept += ["PySide6/__init__.py", "shiboken6/Shiboken.abi3.so", "PySide6/libpyside6.abi3.6.11.dylib"]
    kept += ["mlx/lib/mlx.metallib", "mlx/lib/libmlx.dylib", "mlx/core.cpython-313-darwin.so"]
    kept += ["_sounddevice_data/portaudio-binaries/libportaudio.dylib", "scipy/signal/__init__.py"]

    assert {"QtCore", "QtGui", "QtWidgets", "QtSvg"} <= used
    assert [(path, pattern) for path in kept for pattern in patterns if fnmatch.fnmatch(path, pattern)] == []


def test_what_is_left_out_is_measured(tmp_path, capsys):
    """A universal library counts with its Apple half; a library that would miss another is found."""
    left_out = script("left-out")
    halves = b"".join(
        (kind).to_bytes(4, "big") + b"\0\0\0\0" + (4096).to_bytes(4, "big") + size.to_bytes(4, "big") + b"\0\0\0\x0c"
        for kind, size in ((0x01000007, 5_000_000), (0x0100000C, 3_000_000))
    )
    qml = tmp_path / "PySide6" / "Qt" / "lib" / "QtQml.framework" / "QtQml"
    qml.parent.mkdir(parents=True)
    qml.write_bytes(b"\xca\xfe\xba\xbe\0\0\0\x02" + halves + b"\0" * 8_000_000)

    assert left_out.main(tmp_path) == 0
    told = capsys.readouterr().out
    assert "     3.0 MB for Apple silicon alone" in told
    assert "    -3.0 MB PySide6/Qt/lib/QtQ*" in told

    (tmp_path / "PySide6" / "QtCore.abi3.so").write_bytes(b"\xcf\xfa\xed\xfe @rpath/QtQml.framework/Versions/A/QtQml")
    assert left_out.main(tmp_path) == 1
    assert "BROKEN: PySide6/QtCore.abi3.so wants QtQml" in capsys.readouterr().out
