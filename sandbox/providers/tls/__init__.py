"""The `tls` package where Pulumi cannot get the real plugin: real keys and certificates, made on this machine."""
