"""What the hub asks of an edge, and what came of it: orders, backups, counters over time."""
