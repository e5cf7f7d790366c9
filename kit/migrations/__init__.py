"""Brings a service's database to what a version expects: many may start it, one runs, all end when it is done."""
