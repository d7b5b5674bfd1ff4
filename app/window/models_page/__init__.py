"""The window of models: what is here, what may be downloaded, and how that goes."""
