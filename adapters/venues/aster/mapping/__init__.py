"""Between the venue's words and ours. Pure: payloads in, records of `trading` out, and back."""
