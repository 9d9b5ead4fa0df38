"""The wall, with one letter slot: the model runs in a process of its own."""
