"""The room. The only place that knows Textual."""
