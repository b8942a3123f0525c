"""Where Helm charts come from: repositories, a mirror, or archives made of published files; checksums."""
