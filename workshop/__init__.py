"""The operator's command, `python -m workshop`."""

import logging

# Without a handler Python prints a client's warnings with tracebacks; the Problem has what matters of them.
logging.getLogger("urllib3").addHandler(logging.NullHandler())
