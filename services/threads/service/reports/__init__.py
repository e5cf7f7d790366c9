"""Reports on threads: asked for, written, read."""
