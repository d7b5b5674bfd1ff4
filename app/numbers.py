"""Numbers as a person reads them. Sizes in decimal units, as the Finder shows them."""

from __future__ import annotations


def size(count: int) -> str:
    """Bytes: 4.6 GB, 310 MB, 12 KB."""
    if count >= 99_950_000:
        return f"{count / 1e9:.1f} GB"
    if count >= 999_500:
        return f"{count / 1e6:.0f} MB" if count >= 9_950_000 else f"{count / 1e6:.1f} MB"
    return f"{count / 1e3:.0f} KB" if count >= 1_000 else f"{count} bytes"


def parameters(count: int) -> str:
    """Weights: 30.5 B, 310 M."""
    if count >= 999_500_000:
        return f"{count / 1e9:.1f} B"
    if count >= 999_500:
        return f"{count / 1e6:.0f} M" if count >= 9_950_000 else f"{count / 1e6:.1f} M"
    return f"{count:,}"


def share(part: float) -> str:
    """37.5 %, 25 %."""
    return f"{100 * part:.1f}".removesuffix(".0") + " %"


def listed(things: list[str]) -> str:
    """One, two and three."""
    return " and ".join([", ".join(things[:-1]), things[-1]] if len(things) > 1 else things)


def time_left(seconds: float) -> str:
    """Rounded more the further away it is."""
    if seconds < 60:
        return "under a minute left"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min left"
    return f"{seconds / 3600:.1f} h left" if seconds < 48 * 3600 else "days left"
