"""The desktop app, in Qt. Everything here lives on the interface thread unless it says otherwise."""
