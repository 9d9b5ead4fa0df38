"""The back door: a rewrite without a screen."""
