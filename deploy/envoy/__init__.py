"""The edge's configuration: one template, rendered for the local stack and for the cluster alike."""
