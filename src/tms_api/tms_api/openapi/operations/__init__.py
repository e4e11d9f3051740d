"""The OpenAPI documentation of the operations, a module per module of resources: decorators of their methods."""
