"""Validate statements, one a line of standard input, by Ralph's model of xAPI. Its LRS asks less."""

import sys

from pydantic import ValidationError
from ralph.models.xapi.base.statements import BaseXapiStatement

for line in sys.stdin:
    try:
        BaseXapiStatement.model_validate_json(line)
        print("valid")
    except ValidationError as error:
        print("refused:", error.errors(include_url=False, include_context=False))
