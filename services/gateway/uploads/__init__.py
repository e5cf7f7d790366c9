"""Documents and transcripts that arrive as files of a form."""
