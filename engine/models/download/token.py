"""The person's token for gated and private models: from HF_TOKEN, else from the system's keychain.

Nothing else holds it: never logged, never in a file of ours. Where the system has no keychain, HF_TOKEN is the way.
"""

from __future__ import annotations

import os
import re
from typing import Protocol

from engine.errors import KnownError

_SERVICE, _ACCOUNT = "Cadre", "huggingface"
_TOKEN = re.compile(r"[\x21-\x7e]{8,500}", re.ASCII)


class Vault(Protocol):
    """Keeps one secret. Each method raises KnownError when it cannot."""

    def read(self) -> str | None: ...
    def write(self, secret: str) -> None: ...
    def delete(self) -> None: ...


class Keychain:
    """The system's, through keyring, which is imported when it is first needed."""

    def read(self) -> str | None:
        import keyring
        from keyring.errors import KeyringError

        try:
            return keyring.get_password(_SERVICE, _ACCOUNT)
        except KeyringError:
            return None  # locked, or there is none: then there is no token

    def write(self, secret: str) -> None:
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.set_password(_SERVICE, _ACCOUNT, secret)
        except KeyringError as error:
            raise KnownError(
                "The system's keychain would not take the token.", "Unlock it, or set HF_TOKEN for this one command."
            ) from error

    def delete(self) -> None:
        import keyring
        from keyring.errors import KeyringError, PasswordDeleteError

        try:
            keyring.delete_password(_SERVICE, _ACCOUNT)
        except PasswordDeleteError:
            return  # there was none
        except KeyringError as error:
            raise KnownError("The system's keychain would not open.", "Unlock it and try again.") from error


def token(vault: Vault) -> str | None:
    """What may be shown to the Hub when it asks who is there."""
    given = os.environ.get("HF_TOKEN", "").strip()
    return given or vault.read()


def keep(secret: str, vault: Vault) -> None:
    """Raises KnownError: that is no token, or it cannot be kept."""
    secret = secret.strip()
    if not _TOKEN.fullmatch(secret):
        raise KnownError("That does not look like a token.", "Copy it again from the Hub; it begins with hf_.")
    vault.write(secret)
