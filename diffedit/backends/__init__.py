"""The hands: one file a model family. Heavy imports live in `load()`."""
