"""How well sentences of answers are held against the course, on a labelled set."""
