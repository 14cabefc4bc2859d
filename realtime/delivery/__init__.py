"""From the log to every connected client: the hub, its sessions, and the bytes they get."""
