"""The stack's settings: the one door through which configuration enters.

Keys are written in camelCase under `linkerd-workshop:` in `Pulumi.<stack>.yaml`. A field's description is the rule that
an error message quotes, its example the fix that it offers. `settings.rules` has the rules across fields.
"""

from settings.stack import Settings

__all__ = ["Settings"]
