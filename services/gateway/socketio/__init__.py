"""How packets of Socket.IO reach their connections: encoded once, written at once where nothing waits."""
