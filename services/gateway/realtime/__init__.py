"""Socket.IO: rooms by thread, fed by the logs of turns, so that every instance shows the same in the same order."""
