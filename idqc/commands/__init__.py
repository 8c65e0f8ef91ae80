"""Groups of commands, one module each; the command line loads them when one of theirs runs."""
