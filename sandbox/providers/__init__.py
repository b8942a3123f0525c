"""The provider of AWS: its plugin is served by no Go module."""
