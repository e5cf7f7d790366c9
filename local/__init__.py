"""The whole system on one machine: real servers and small models from wheels, supervised by one process."""
