"""A load of students on a whole stack: who asks, by which door, and what it cost."""
