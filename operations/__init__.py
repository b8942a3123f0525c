"""What the operator runs beside Pulumi, and what the program asks before it registers anything."""
