"""Malformed and unusual JSON documents, in the manner of JSONTestSuite (RFC 8259)."""

MALFORMED: list[bytes] = [
    # incomplete
    *(b"", b" \n\t\r ", b"{", b"[", b'"', b"{}[", b'{"a', b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,'),
    *(b"[1,", b"[[]", b'["a', b'{"a":[}', b"tru", b"nul"),
    # brackets, commas and members
    *(b"}", b"[}", b"{]", b'{"a":1]', b"[]]", b"{}}", b"(1)", b"[,]", b"{,}", b"[1,]", b"[1,,2]"),
    *(b'{"a":1,}', b'{,"a":1}', b'{"a":1 "b":2}', b"[1 2]", b"[1;2]", b"[1:2]", b'{"a"}'),
    b'{"a",1}',
    *(b'{"a"::1}', b"{:1}", b'{"a":}', b"{a:1}", b"{1:1}", b"{null:1}", b"{[]:1}", b'{"a"=1}'),
    # strings and escapes
    *(b"'a'", b"`a`", b"a", b'"a"b', b'b"a"', b'"""a"""', "“a”".encode(), rb'"\x41"', rb'"\a"'),
    *(rb'"\0"', rb'"\'"', rb'"\u{41}"', rb'"\u"', rb'"\u123"', rb'"\u123g"', rb'"\u 041"', b'"\\'),
    *(rb'"\u-041"', rb'"\ud83e\u12"', b'"\\\n"', b'"\\\x00"'),
    # control characters
    *(b'"a\nb"', b'"a\tb"', b'"a\x00b"', b'"a\x1fb"', b"\x00", b"{}\x00", b"\x0c1", b"[\x0b1]"),
    *(b'{"a\nb":1}', b"\x1e{}", b"[1]\x1a"),
    # numbers
    *(b"+1", b"01", b"-01", b"1.", b".5", b"1.e5", b"1e", b"1e+", b"1e5.5", b"0x10", b"0b1"),
    b"1_000",
    *(b"1,000", b"1 000", b"--1", b"-", b"- 1", b"1+2", b"1.2.3", b"1f", b"1n", "１".encode()),
    *("٣".encode(), "½".encode(), b"1e\xe2\x82\x82", b"$1"),
    # words
    *(b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"inf", b"1.#INF", b"True", b"FALSE", b"None"),
    *(b"NULL", b"undefined", b"true1", b"nullnull", b"new Date()", b"[NaN]", b'{"a":NaN}'),
    # several documents, and comments
    *(b"{}{}", b"{}\n{}", b'"a""b"', b"{};", b"null,", b"{}x", b"// a\n1", b"1 // a", b"/* a */1"),
    *(b"{/**/}", b"[1,// a\n2]", b"# a\n1", b"<!-- a -->1", b"-- 1", b"/*"),
    # not UTF-8
    *(b'"\xff"', b'"\x80"', b'"\xc0\x80"', b'"\xc1\xbf"', b'"\xe0\x80\x80"', b'"\xf0\x80\x80\x80"'),
    *(b'"\xed\xa0\x80"', b'"\xed\xa0\xbd\xed\xb8\x80"', b'"\xc3"', b'"\xe2\x82"'),
    b'"\xf4\x90\x80\x80"',
    *(b'"\xf8\x88\x80\x80\x80"', b'"K\xe4se"', b'{"\xff":1}', b"[\xff]", b"\xc2\xa01", b"\xef\xbb"),
    *("{}".encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig")),
    # other languages
    *(b"title=Buy+milk", b"title: Buy milk", b"- a\n- b", b"<title>a</title>", b"{'title': 'a'}"),
    *(b'{"a": 1, **{}}', b"&quot;a&quot;", b")]}',\n1", b"callback(1)", b"\x1f\x8b\x08\x00"),
    # nesting
    *(b"[" * 10**5, b'{"a":' * 10**4, b"]" * 10**5, b"[" * 10**5 + b"]" * 10**5),
    b'[{"a":' * 10**5 + b"1" + b"}]" * 10**5,
]

NOT_TEXT: list[bytes] = [
    *(b"null", b"true", b"0", b"-0", b"1.5", b"1E+2", b"1e999", b"-1E+999", b"1e-999"),
    *(b"18446744073709551616", b"9" * 4301, b"-" + b"9" * 10**5, b"0." + b"9" * 10**5),
    *(b"1e" + b"9" * 10**5, b"[]", b'[null,true,1,"a",[],{}]', b"[" + b"[]," * 10**5 + b"[]]"),
    *(b"[" * 100 + b"]" * 100, b'[{"title":"a","email":"a@example.com","password":"12345678"}]'),
]
TEXT: list[bytes] = [
    *(b'""', b'"a"', rb'"\""', rb'"\"\\\/\b\f\n\r\t\u0041"', rb'"\ud83e\udd5b"', rb'"\ud83e"'),
    *(rb'"\udd5b"', rb'"\udd5b\ud83e"', rb'"\u0000"', rb'"\ufffe"', '"\u2028\u2029"'.encode()),
    *('"\ufeff"'.encode(), b'"\x7f"', b'"' + b"a" * 10**5 + b'"', rb'"{\"title\":\"a\"}"'),
]
OBJECTS: list[bytes] = [
    *(b"{}", b'{"n":1,"n":2}', b'{"":""}', rb'{"\u0000":1}', rb'{"\ud800":1}'),
    *(b'{"__class__":1,"__init__":{},"model_config":{}}', b' \n\t{ "n" : 1 } \r\n'),
    b'{"__proto__":{"title":"a"},"constructor":{"prototype":{}}}',
    b'{"' + b"a" * 10**5 + b'":1}',
    b"{" + b",".join(b'"%d":1' % number for number in range(10**4)) + b"}",
    b'{"Title":"a","EMAIL":"a@example.com","Password":"12345678"}',
]
