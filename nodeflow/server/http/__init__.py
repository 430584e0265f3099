"""HTTP without any resource: routes, faults, who may come in, the OpenAPI document."""
