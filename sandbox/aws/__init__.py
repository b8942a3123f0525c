"""A double of AWS on loopback: moto's server, what it lacks, and what an account has before the stack."""
