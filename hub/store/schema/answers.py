"""What people answered: answers towards a quorum, and the feed that each edge follows."""
