"""The stream service: live accounts are looked at the moment something happens, prices stay fresh."""
