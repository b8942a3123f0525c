"""Plain types and names that the program and the operator's command share; imports `versions` alone."""
