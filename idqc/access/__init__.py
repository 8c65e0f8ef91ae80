"""Who may do what: the rules of keys, passwords, accounts and sessions. No web, no SQL."""
