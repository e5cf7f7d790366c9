"""Documents that arrive as files of a form."""
