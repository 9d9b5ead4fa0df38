"""diffedit: an editor in which a text diffusion model rewrites your selection in place."""

__version__ = "0.1.0"
