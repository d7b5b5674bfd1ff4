"""What the app needs of the desktop around it: protocols, and what works without a Mac. The Mac's are in app/macos."""
