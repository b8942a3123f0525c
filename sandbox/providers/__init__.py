"""The provider of AWS, on Pulumi's provider SDK: its plugin is served by no Go module."""
