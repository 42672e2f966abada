"""Unusual text: Unicode, and syntax of other languages."""

WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + "\u2028\u2029\u202f\u205f\u3000"
)
"""The Unicode property White_Space, which is trimmed from a title."""

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f\u115f\u3164\u2800"
"""Invisible characters that are not White_Space."""

UNICODE = [
    *("e\u0301 \u00e9 a\u0328\u0301 \u1e69 s\u0323\u0307", "\ud55c \u1112\u1161\u11ab", "🥛"),
    *("Z" + "\u0300\u0316\u0321\u0334\u0489\u035c" * 20 + "algo", "क्षत्रिय नमस्ते", "ภาษาไทย กำ"),
    *("مرحبا ﷺ ﷽ ﻻ", "שָׁלוֹם", "İIiı", "ßẞ straße", "ﬁﬂﬃﬄﬆ Ǆ ǆ", "ＡＢＣ　１２３ ｶﾞ", "x² ⅷ ① ½ ㎏"),
    *("\u212a \u212b \u2126", "аdmin аlісе", "\u202egnp.exe\u202c \u2067left\u2069 \u200f\u200e"),
    *(INVISIBLE + "a" + INVISIBLE, "\ufeffa\ufeff", "☺\ufe0e☺\ufe0f 葛\U000e0100"),
    "👩‍👩‍👧‍👦 🏳️‍🌈 👨🏿‍🚀 🇺🇳",
    *("🏴\U000e0067\U000e0062\U000e007f", "𝒳𝕐𝟘 𐍈 𠜎 𓀀", "\ue000 \uf8ff \U0010fffd", "\U000e0001en"),
    *("\ufdd0 \uffff \ufffe \U0010ffff", "\u0378 \U000e0fff", "\ufffd\ufffc"),
    "\ufff9a\ufffab\ufffb",
    *("a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei", "a\nb\rc\r\nd\n\re", "\u0bf5" * 100),
    *("".join(map(chr, [*range(1, 32), *range(127, 160)])), "\x1b[31mred\x1b[0m \x1b]0;title\x07"),
    *("good\b\b\b\bevil", "a" * 255, "🥛" * 255, f"{WHITE_SPACE}a{WHITE_SPACE}b{WHITE_SPACE}"),
]
SYNTAX = [
    *("'; DROP TABLE tasks; --", "' OR '1'='1' /*", "1 UNION SELECT password_hash FROM users"),
    *("$1 $$ $tag$ :owner %(owner)s ?", r"\' \" \\ E'\x27' U&'\0027' %' _", "\\.\n\\N\ta\t\\x00"),
    *("'||pg_sleep(10)--", "%_%\\%", "*)(uid=*))(|(uid=*", '{"$gt": ""}'),
    "cos\nsystem\n(S'id'\ntR.",
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt; &#x27; &amp;amp;"),
    *("</script><!-- --><![CDATA[", "javascript:alert(1)//", "${alert(1)} `#{1}`", "__proto__"),
    *("{{7*7}} {%25 %} <%= 7*7 %> #{7*7} ${7*7}", "%s %n %x %d %p %99999999s %", "$(id) `id` ; id"),
    *("{0} {title} {0.__class__.__mro__} {:>99999999}", "${jndi:ldap://127.0.0.1:1/a}"),
    "--help -rf",
    *("../../../../etc/passwd ..\\..\\win.ini /dev/null", "%2e%2e%2f %252e %c0%af %00"),
    "CON NUL COM1",
    *("a\r\nSet-Cookie: a=b\r\n\r\nHTTP/1.1 200 OK", '"}\n{"level": "error", "message": "forged"}'),
    *("=1+1 +1 -1 @SUM(A1)", '{"title": "a"}', r"\u0041 \ud800 \n \" \/", "1e999", "-0", "NaN"),
    *("null", "undefined", "true", "None", "00000000-0000-0000-0000-000000000000"),
    *("' '' \" \"\" ` ´ ‘’ “” «»", "\\ \\\\ / // \\/", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
]
STORABLE = UNICODE + SYNTAX

UNSTORABLE = [  # as escapes within a JSON string
    *(r"a\u0000b", r"\u0000", r" \t\u0000", r"a\ud800b", r"a\udfffb", r"\udfff\ud800"),
    *(r"\ud83e\ud83e\udd5b", r"\ud83e\udd5b\udd5b", r"\ud83ea\udd5b", r"\u0000\ud800"),
]
