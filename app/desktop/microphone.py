"""Whether the person lets Cadre listen, as Qt asks the system; where nobody is asked, Cadre may."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QMicrophonePermission, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from app.desktop.parts import Allowed

_SETTINGS = "x-apple.systempreferences:com.apple.preference.security?Privacy_Microphone"
_ANSWERS = {
    Qt.PermissionStatus.Granted: Allowed.YES,
    Qt.PermissionStatus.Denied: Allowed.NO,
    Qt.PermissionStatus.Undetermined: Allowed.UNASKED,
}


class QtMicrophone:
    """Keeps app.desktop.parts.Microphone."""

    def allowed(self) -> Allowed:
        return _ANSWERS[_application().checkPermission(QMicrophonePermission())]

    def ask(self, answered: Callable[[], None]) -> None:
        application = _application()
        application.requestPermission(QMicrophonePermission(), application, lambda _permission: answered())

    def open_settings(self) -> None:
        QDesktopServices.openUrl(QUrl(_SETTINGS))


def _application() -> QGuiApplication:
    application = QGuiApplication.instance()
    assert isinstance(application, QGuiApplication)
    return application
