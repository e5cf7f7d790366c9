"""The endpoints of the systems that Lectern follows, in their shapes, over the same use cases as every other door."""
