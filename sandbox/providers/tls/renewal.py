"""When a certificate is due for renewal."""

from datetime import UTC, datetime, timedelta


def is_due(validity_end: str, early_renewal_hours: float, now: datetime) -> bool:
    """Tell whether the certificate has expired or entered its early renewal window; the end is an RFC 3339 time."""
    return now >= datetime.fromisoformat(validity_end) - timedelta(hours=early_renewal_hours)


def rfc3339(moment: datetime) -> str:
    """Write a moment as the validity outputs have it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
