"""The truth about jobs, in the database `jobs`."""
