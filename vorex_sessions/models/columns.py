"""Column types, and the parameter of every statement on a learner's table."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

Uuid = sa.Uuid(as_uuid=False)
Instant = sa.DateTime(timezone=True)
Texts = ARRAY(sa.Text)
