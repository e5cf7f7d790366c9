"""Tells the addresses that users name when their jobs end: signed, tried again, never lost."""
