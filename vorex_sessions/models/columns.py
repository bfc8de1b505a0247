"""Types of columns."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

Uuid = sa.Uuid(as_uuid=False)
Instant = sa.DateTime(timezone=True)
Texts = ARRAY(sa.Text)
