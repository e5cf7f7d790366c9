"""How many calls users and tenants may make in a minute, over all instances."""
