"""Commands of an operator: panic, release, pause, resume, stop."""
