"""Pictures of the real app for the documentation: `python -m app.lab.pictures`, or `make screenshots`."""
