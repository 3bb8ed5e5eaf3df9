"""What ``python -m livekeeper`` can do: a file for each command, and what they share. Imported from a terminal only."""
