"""The workshop's demo apps, short compositions of the layers below."""
