"""Live accounts from the command line: what is checked, permitted, ended and shown."""
