"""Stand-in for the plugin of Pulumi's `kubernetes` package."""
