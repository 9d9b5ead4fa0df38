"""The page: text and how it changes. Standard library only."""
