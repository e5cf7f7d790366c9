"""OpenAPI 3.1, built from the contract: `/openapi.json`, and `/docs` to browse it by."""
