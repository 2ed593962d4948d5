"""Which row of a register covers an item: conditions in SQL, used where one item is asked about and where lists are.

They speak of an item `i` and a row `e`, and of `%(today)s`. A row covers a country's parts; `*` covers all. No row
covers what moves money and names no amount: nothing could be compared.
"""

PLACED = """(e.jurisdiction IN ('*', i.jurisdiction) OR starts_with(i.jurisdiction, e.jurisdiction || '-'))
       AND e.line IN ('*', i.line)"""
VALID = "e.starts <= %(today)s AND coalesce(e.ends >= %(today)s, true)"
_NEWEST = "(SELECT r.id FROM reviews_register r WHERE r.kind = '{}' ORDER BY r.version DESC LIMIT 1)"
_NARROW = "(e.line <> '*') DESC, CASE e.jurisdiction WHEN i.jurisdiction THEN 0 WHEN '*' THEN 2 ELSE 1 END"

AUTHORITY = _NEWEST.format("authority")
LICENCES = _NEWEST.format("licences")
LICENSED = f"{PLACED} AND {VALID}"

ENTITLED = f"""{LICENSED}
       AND string_to_array(e.effects, ' ') && ARRAY['*', i.effect::text]
       AND CASE WHEN i.effective_amount IS NULL THEN i.effect NOT IN ('pay', 'reserve')
                ELSE e.currency = i.currency END"""

NARROWEST_LICENCE = f"{_NARROW}, e.id"
NARROWEST = f"{_NARROW}, (e.effects <> '*') DESC, e.id"
"""The order in which one row counts of several: a line named, then the smaller place, then an effect named."""

COVERED = f"""
       AND (NOT EXISTS (SELECT FROM reviews_register WHERE kind = 'authority')
         OR coalesce(i.effective_amount <= (
              SELECT max(e.up_to) FROM reviews_entitlement e
               WHERE e.register_id = {AUTHORITY} AND e.person_id = ANY (%(holders)s::uuid[])), true)
            AND EXISTS (
              SELECT FROM reviews_entitlement e
               WHERE e.register_id = {AUTHORITY} AND e.person_id = ANY (%(holders)s::uuid[])
                 AND coalesce(i.effective_amount <= e.up_to, true) AND {ENTITLED}))
       AND NOT EXISTS (SELECT FROM jsonb_array_elements_text(i.licences) AS wanted(kind) WHERE NOT EXISTS (
         SELECT FROM reviews_licence e
          WHERE e.register_id = {LICENCES} AND e.person_id = %(person)s::uuid AND e.kind = wanted.kind
            AND {LICENSED}))"""  # noqa: S608  texts of our own
"""Leaves out of a list what is beyond the authority of all `holders`, in whose names somebody could sign, and what
asks for licences the person lacks; totals are asked about when an item is taken or signed. The largest amount is read
once, so that many items beyond it cost little."""
