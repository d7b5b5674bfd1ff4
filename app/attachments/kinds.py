"""What a file is by its first bytes and its name, as far as it decides who reads it. Pure."""

from __future__ import annotations

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp"})
PHOTOS = frozenset({".heic", ".heif"})
SOUNDS = frozenset({".mp3", ".m4a", ".wav", ".aac", ".flac", ".ogg", ".opus", ".aif", ".aiff"})
VIDEOS = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv"})
PAPERS = frozenset({".doc", ".docx", ".odt", ".pages", ".rtf", ".xls", ".xlsx", ".ppt", ".pptx", ".key", ".numbers"})
_HEADS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_PHOTO_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
_SOUND_BRANDS = frozenset({b"M4A ", b"M4B "})


def is_pdf(head: bytes) -> bool:
    return head.lstrip().startswith(b"%PDF-")


def is_photo(head: bytes) -> bool:
    """HEIC, as iPhones write it."""
    return head[4:8] == b"ftyp" and head[8:12] in _PHOTO_BRANDS


def is_picture(head: bytes, suffix: str) -> bool:
    """By its contents; a broken or empty one by its name."""
    webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return webp or head.startswith(_HEADS) or is_photo(head) or suffix in PICTURES | PHOTOS


def is_video(head: bytes, suffix: str) -> bool:
    film = head[4:8] == b"ftyp" and not is_photo(head) and head[8:12] not in _SOUND_BRANDS and suffix not in SOUNDS
    return film or suffix in VIDEOS or head.startswith(b"\x1a\x45\xdf\xa3")


def is_sound(head: bytes, suffix: str) -> bool:
    return suffix in SOUNDS or head.startswith((b"ID3", b"fLaC", b"OggS")) or head[8:12] == b"WAVE"
