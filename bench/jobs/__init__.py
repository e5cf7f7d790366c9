"""What jobs can do: work lost and doubled while parts die, and the time that it takes."""
