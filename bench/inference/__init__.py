"""What inference does when its providers fail, when many ask at once, and what a call costs it."""
