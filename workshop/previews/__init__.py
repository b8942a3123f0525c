"""Previews for the reviewers of a change: in plain words first, then object by object."""
