"""What /api/v1 answers, a type each: mypy checks the handlers by them, OpenAPI describes them.

Times are seconds since 1970, durations seconds, sizes bytes, unless a docstring says otherwise.
"""
