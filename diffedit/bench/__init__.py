"""The scales: what an edit costs, measured."""
