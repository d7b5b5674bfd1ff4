"""The icon: drawings that QtSvg can draw, of our own, and every size that Apple's tools take."""

from __future__ import annotations

import json
import re

import pytest
from PySide6.QtGui import QImage

from tests.packaging.scripts import ROOT, script

SOURCES = sorted((ROOT / "resources" / "app_icon").glob("*.svg"))


@pytest.fixture(scope="module")
def rendered(qapp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("icon")
    script("render-icons").main(folder)
    return folder


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_drawing_says_whose_it_is_and_uses_only_what_qt_draws(source):
    text = source.read_text(encoding="utf-8")

    assert "Copyright" in text
    assert "Apache-2.0" in text
    assert not re.search(r"<(filter|mask|text|image|use|style|script|foreignObject)\b|href", text)


def test_every_size_that_iconutil_wants_is_there_and_as_large_as_its_name(rendered):
    found = {}
    for file in (rendered / "Cadre.iconset").iterdir():
        name = re.fullmatch(r"icon_(\d+)x\1(@2x)?\.png", file.name)
        assert name
        points, density = name.groups()
        image = QImage(str(file))
        assert (image.width(), image.height()) == (int(points) * (2 if density else 1),) * 2
        found[file.name] = image
    assert len(found) == 10


@pytest.mark.parametrize("look", ["light", "dark", "tinted"])
def test_a_look_fills_apples_grid_and_leaves_the_rest_clear(rendered, look):
    image = QImage(str(rendered / f"{look}-1024.png"))

    assert image.pixelColor(4, 4).alpha() == 0
    assert image.pixelColor(512, 110).alpha() == image.pixelColor(110, 512).alpha() == 255
    assert image.pixelColor(512, 60).alpha() < 40  # a shadow, no body


def test_tinted_is_grey(rendered):
    image = QImage(str(rendered / "tinted-64.png"))
    colours = [image.pixelColor(x, y) for x in range(64) for y in range(64)]

    assert {colour.saturation() for colour in colours if colour.alpha() == 255} == {0}


@pytest.mark.parametrize("name", ["menu-barTemplate", "menu-barTemplate@2x", "menu-bar-busyTemplate@3x"])
def test_the_menu_bars_mask_is_black_on_nothing(rendered, name):
    image = QImage(str(rendered / f"{name}.png"))
    colours = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]

    assert any(colour.alpha() > 200 for colour in colours)
    assert all(colour.lightness() == 0 for colour in colours if colour.alpha() == 255)


def test_the_layered_icon_names_what_is_there_for_each_look(rendered):
    icon = rendered / "Cadre.icon"
    about = json.loads((icon / "icon.json").read_text(encoding="utf-8"))
    (layer,) = about["groups"][0]["layers"]

    assert [one.get("appearance") for one in about["fill-specializations"]] == [None, "dark", "tinted"]
    assert [one.get("appearance") for one in layer["image-name-specializations"]] == [None, "dark", "tinted"]
    for one in layer["image-name-specializations"]:
        image = QImage(str(icon / "Assets" / one["value"]))
        assert image.pixelColor(512, 512).alpha() == 255  # the middle expert
        assert image.pixelColor(512, 130).alpha() == 0  # the ground is the system's


def test_nothing_rendered_is_kept_in_the_tree():
    kept = [file for folder in ("packaging", "resources/app_icon") for file in (ROOT / folder).rglob("*")]

    assert [file for file in kept if file.suffix in {".png", ".icns", ".ico"} and "build" not in file.parts] == []
