"""The cupboard: paths, settings, themes, plugins, models."""
