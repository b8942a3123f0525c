"""Sources of Helm charts: repositories, a mirror, or archives of published files; checksums."""
