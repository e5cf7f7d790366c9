"""How the fleet is: caches, memory, turns, queues and breakers, summed up over all instances."""
