"""The parts of each attendee: the demos, a login, and a boundary around both."""
