"""What a file is by its first bytes and its name, as far as it decides who reads it. Pure."""

from __future__ import annotations

from engine.vision.picture import PHOTO_BRANDS, SOUND_BRANDS, is_film

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp"})
PHOTOS = frozenset({".heic", ".heif", ".avif", ".cr3", ".dng", ".jxl", ".psd"})
"""Those that cannot be read are pictures all the same, and are refused as such."""
SOUNDS = frozenset({".mp3", ".m4a", ".wav", ".aac", ".flac", ".ogg", ".opus", ".aif", ".aiff", ".amr", ".caf", ".wma"})
VIDEOS = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv"})
PAPERS = frozenset({".doc", ".docx", ".odt", ".pages", ".rtf", ".xls", ".xlsx", ".ppt", ".pptx", ".key", ".numbers"})
_HEADS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")


def is_pdf(head: bytes) -> bool:
    return head.lstrip().startswith(b"%PDF-")


def is_photo(head: bytes) -> bool:
    """HEIC, as iPhones write it, and what is made like it."""
    return head[4:8] == b"ftyp" and head[8:12] in PHOTO_BRANDS


def is_picture(head: bytes, suffix: str) -> bool:
    """By its contents; a broken or empty one by its name."""
    webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return webp or head.startswith(_HEADS) or is_photo(head) or suffix in PICTURES | PHOTOS


def is_video(head: bytes, suffix: str) -> bool:
    return suffix in VIDEOS or (is_film(head) and suffix not in SOUNDS)


def is_sound(head: bytes, suffix: str) -> bool:
    begun = head.startswith((b"ID3", b"fLaC", b"OggS")) or head[8:12] == b"WAVE"
    return begun or suffix in SOUNDS or (head[4:8] == b"ftyp" and head[8:12] in SOUND_BRANDS)
