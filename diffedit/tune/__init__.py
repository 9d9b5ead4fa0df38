"""The workbench: `diffedit tune` adapts the model in the box to a folder of code."""
