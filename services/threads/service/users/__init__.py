"""Users' own data: handed over and erased."""
