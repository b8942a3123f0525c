"""What a preview says, for those who review a change: in plain words first, then object by object."""
