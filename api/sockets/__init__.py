"""Live events: one feed reads the outbox, one hub numbers and broadcasts, sockets only write."""
