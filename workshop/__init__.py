"""What the operator runs beside Pulumi, and what the program asks before it registers anything."""

import logging

# Without a handler Python prints a client's warnings itself, tracebacks and all; what matters of them is in a Problem.
logging.getLogger("urllib3").addHandler(logging.NullHandler())
