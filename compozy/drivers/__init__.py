"""How it is done, one room per technology; none imports another."""
