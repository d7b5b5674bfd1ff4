"""In the Dock or not: NSApplication's activation policy."""

from __future__ import annotations


class ActivationPolicy:
    """Keeps app.desktop.parts.Dock."""

    def show(self, *, shown: bool) -> None:
        """Nothing when it is so already: changing it makes menu-bar signs blink."""
        from AppKit import NSApp, NSApplicationActivationPolicyAccessory, NSApplicationActivationPolicyRegular

        application = NSApp()
        policy = NSApplicationActivationPolicyRegular if shown else NSApplicationActivationPolicyAccessory
        if application is not None and application.activationPolicy() != policy:
            application.setActivationPolicy_(policy)
