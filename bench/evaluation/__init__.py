"""How a model answers the questions of the labelled set under each version of the prompt."""
