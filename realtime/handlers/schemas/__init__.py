"""Schemas: what a body may hold. The same ones check it and make the OpenAPI document."""
