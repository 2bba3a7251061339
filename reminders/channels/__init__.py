"""How a message leaves: one `Channel` protocol, one module a provider."""
