"""What the local stack runs: one module for each kind of program."""
