"""How Lectern is deployed."""
