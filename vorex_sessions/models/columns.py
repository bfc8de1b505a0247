"""Types of columns, and the parameter that every statement on a learner's table has."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

Uuid = sa.Uuid(as_uuid=False)
Instant = sa.DateTime(timezone=True)
Texts = ARRAY(sa.Text)

# The learner, as text.
USER_ID: sa.BindParameter[str] = sa.bindparam("user_id", type_=Uuid)
