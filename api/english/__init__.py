"""English (英文): every page in English, one click away, as a layer over the Chinese ones.

The pages are written in Chinese, once. Where a reader has asked for English, the finished page is
read again and each of its texts is said in English as `words/*.json` has it: whole texts, texts with
something that changes in them (`{}`), and lists of such. What the dictionary does not know stays
Chinese: names, places, what people wrote. An element with `translate="no"` (HTML, 3.2.6.5) is left
as it is: what somebody said, and papers that are valid as they were printed.
"""

from api.english.dictionary import DICTIONARY
from api.english.page import in_english
from api.english.tongue import COOKIE, router, wants_english

__all__ = ["COOKIE", "DICTIONARY", "in_english", "router", "wants_english"]
