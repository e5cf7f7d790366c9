"""What the questions of a course tell: counted by jobs, read by teachers."""
