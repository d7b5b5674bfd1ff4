"""The questions that the window of models asks. Tests answer in their place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QMessageBox, QWidget

from app.window.models_page.words import tr


class Asking:
    def sure(self, parent: QWidget, sentence: str, explanation: str, button: str) -> bool:
        """Return and Escape both mean no."""
        box = QMessageBox(QMessageBox.Icon.Warning, "", sentence, QMessageBox.StandardButton.Cancel, parent)
        box.setInformativeText(explanation)
        yes = box.addButton(button, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        return box.clickedButton() is yes

    def token(self, parent: QWidget) -> str:
        """What was typed; "" when nothing was."""
        words = tr("A read token of the Hugging Face Hub. It is kept in the keychain and shown to the Hub only.")
        text, given = QInputDialog.getText(parent, tr("Token"), words, QLineEdit.EchoMode.Password)
        return text if given else ""

    def folder(self, parent: QWidget) -> Path | None:
        chosen = QFileDialog.getExistingDirectory(parent, tr("Add a Model Folder"), str(Path.home()))
        return Path(chosen) if chosen else None
