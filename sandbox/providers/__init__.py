"""Stand-ins, on Pulumi's provider SDK, for plugins that cannot be had here."""
