"""What each attendee of a workshop has: the demos, a login, and a boundary around both."""
