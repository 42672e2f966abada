"""JSON that is none, and JSON that is odd, in the manner of JSONTestSuite (RFC 8259)."""

from collections.abc import Iterator

MALFORMED: dict[str, tuple[bytes, ...]] = {
    "nothing": (b"", b" ", b"\t", b"\n", b"\r\n", b" \n\t\r "),
    "cut off": (
        *(b"{", b"[", b'"', b"{}[", b'{"', b'{"a', b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,'),
        *(b"[1", b"[1,", b"[[]", b'["a', b'["a"', b'{"a":{}', b'{"a":[}', b"tru", b"nul", b"f"),
    ),
    "brackets": (b"}", b"]", b"[}", b"{]", b"[1}", b'{"a":1]', b"[]]", b"{}}", b"[1]]", b"(1)"),
    "commas": (
        *(b",", b"[,]", b"{,}", b"[1,]", b"[,1]", b"[1,,2]", b'{"a":1,}', b'{,"a":1}', b"1,"),
        *(b'{"a":1,,"b":2}', b"[1 2]", b'["a" "b"]', b'{"a":1 "b":2}', b"[1;2]", b"[1:2]"),
    ),
    "members": (
        *(b'{"a"}', b'{"a",1}', b'{"a" 1}', b'{"a"::1}', b"{:1}", b'{"a":}', b"{a:1}", b"{1:1}"),
        *(b"{null:1}", b"{[]:1}", b'{"a":1:2}', b'{"a"=1}', b"{'a':1}", b'{"a":1,"b"}', b"{{}:1}"),
    ),
    "strings": (
        *(b"'a'", b"`a`", b'"a', b'a"', b"a", b"title", b'"a" "b"', b'"a"b', b'u"a"', b'b"a"'),
        *(b'"""a"""', b'"a"+"b"', "“a”".encode(), b"\\u0022a\\u0022", b'""a""'),
    ),
    "escapes": (
        *(rb'"\x41"', rb'"\a"', rb'"\v"', rb'"\0"', rb'"\'"', rb'"\U00000041"', rb'"\u{41}"'),
        *(rb'"\u"', rb'"\u1"', rb'"\u12"', rb'"\u123"', rb'"\u123g"', rb'"\u 041"', rb'"\u-041"'),
        *(rb'"\u0x41"', rb'"\ud83e\u"', rb'"\ud83e\u12"', rb'"\ "', b'"\\\n"', b'"\\\x00"', b'"\\'),
    ),
    "control characters": (
        *(b'"a\nb"', b'"a\rb"', b'"a\tb"', b'"a\x00b"', b'"\x00"', b'"a\x01b"', b'"a\x08b"'),
        *(
            b'"a\x0bb"',
            b'"a\x0cb"',
            b'"a\x1bb"',
            b'"a\x1fb"',
            b"\x00",
            b"1\x00",
            b"{}\x00",
            b"\x0c1",
        ),
        *(b"[\x0b1]", b'{"a\nb":1}', b"\x1e{}", b"[1]\x1a"),
    ),
    "numbers": (
        *(
            b"+1",
            b"01",
            b"-01",
            b"00",
            b"1.",
            b"-1.",
            b".5",
            b"-.5",
            b"1.e5",
            b".e1",
            b"1e",
            b"1e+",
        ),
        *(b"1E-", b"1ee5", b"1e5.5", b"0x10", b"0b1", b"0o7", b"1_000", b"1,000", b"1 000", b"--1"),
        *(b"-", b"- 1", b"-+1", b"1-", b"1+2", b"1/2", b"1.2.3", b"0.1.", b"1f", b"1n", b"1L"),
        *("１".encode(), "٣".encode(), "½".encode(), b"1e\xe2\x82\x82", b"#1", b"$1", b"1%"),
    ),
    "words": (
        *(b"NaN", b"nan", b"-NaN", b"Infinity", b"-Infinity", b"+Infinity", b"inf", b"1.#INF"),
        *(b"True", b"TRUE", b"False", b"None", b"Null", b"NULL", b"nil", b"undefined", b"true1"),
        *(b"truefalse", b"nullnull", b"yes", b"on", b"new Date()", b"NaN1", b"[NaN]", b'{"a":NaN}'),
        *(b"[Infinity]", b"[-Infinity]", b"Infinit", b"-Infinit"),
    ),
    "more than one": (
        *(
            b"{}{}",
            b"{} {}",
            b"{}\n{}",
            b"[][]",
            b"1 2",
            b'"a""b"',
            b"{};",
            b"null,",
            b"{}x",
            b"{}#",
        ),
    ),
    "comments": (
        *(b"// a\n1", b"1 // a", b"/* a */1", b"1/* a */", b"{/**/}", b"[1,// a\n2]", b"# a\n1"),
        *(b"<!-- a -->1", b'{"a":1/**/}', b"-- 1", b"/", b"/*"),
    ),
    "UTF-8": (
        *(b'"\xff"', b'"\xfe"', b'"\x80"', b'"\xbf"', b'"\xc0\x80"', b'"\xc0\xaf"', b'"\xc1\xbf"'),
        *(b'"\xe0\x80\x80"', b'"\xe0\x9f\xbf"', b'"\xf0\x80\x80\x80"', b'"\xf0\x8f\xbf\xbf"'),
        *(
            b'"\xed\xa0\x80"',
            b'"\xed\xbf\xbf"',
            b'"\xed\xa0\xbd\xed\xb8\x80"',
            b'"\xc3"',
            b'"\xe2\x82"',
        ),
        *(
            b'"\xf0\x9f\xa5"',
            b'"\xf4\x90\x80\x80"',
            b'"\xf5\x80\x80\x80"',
            b'"\xf8\x88\x80\x80\x80"',
        ),
        *(
            b'"\xfc\x84\x80\x80\x80\x80"',
            b'"\xc3\xc3\xa9"',
            b'"\xa9\xc3"',
            b"\xff",
            b"\x80",
            b"\xc2\xa01",
        ),
        *(
            b'"K\xe4se"',
            b'"\x93a\x94"',
            b'{"\xff":1}',
            b"[\xff]",
            b"1\xff",
            b"\xef\xbb",
            b"\xe2\x80\xa81",
        ),
    ),
    "other encodings": (
        *(
            b"\xef\xbb\xbf{}",
            b"\xef\xbb\xbf1",
            b"\xef\xbb\xbf",
            b"{}\xef\xbb\xbf",
            b"\xfe\xff",
            b"\xff\xfe",
        ),
        *('{"a":1}'.encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be")),
        *('{"a":1}'.encode(encoding) for encoding in ("utf-32", "utf-32-le", "utf-32-be")),
        *("[1]".encode(encoding) for encoding in ("cp037", "utf-16-le")),
        *(b"\x1f\x8b\x08\x00", b"+ACI-a+ACI-", b"\x80\x04K\x01."),
    ),
    "other languages": (
        *(b"title=Buy+milk", b"title: Buy milk", b"- a\n- b", b"<title>a</title>", b"a,b\n1,2"),
        *(
            b"[title]\na=1",
            b"{'title': 'a'}",
            b'{"a": 1, **{}}',
            b"{title: `a`}",
            b'JSON.parse("1")',
        ),
        *(b"&quot;a&quot;", b")]}',\n1", b"while(1);1", b"callback(1)", b"--x\r\nContent-Type: a"),
    ),
    "nesting": (
        *(b"[" * 10**3, b"[" * 10**5, b'{"a":' * 10**4, b"]" * 10**5, b"[{" * 10**4),
        *(b"[" * 10**5 + b"]" * 10**5, b'{"a":' * 10**5 + b"1" + b"}" * 10**5),
        *(b'[{"a":' * 10**5 + b"1" + b"}]" * 10**5,),
    ),
}

NOT_AN_OBJECT: dict[str, bytes] = {
    "null": b"null",
    "true": b"true",
    "zero": b"0",
    "minus zero": b"-0",
    "a fraction": b"1.5",
    "an exponent": b"1E+2",
    "beyond any float": b"1e999",
    "beyond any float, negative": b"-1E+999",
    "less than any float": b"1e-999",
    "2 to the 64": b"18446744073709551616",
    "4,301 digits": b"9" * 4301,
    "10^5 digits": b"9" * 10**5,
    "10^5 digits, negative": b"-" + b"9" * 10**5,
    "10^5 digits of a fraction": b"0." + b"9" * 10**5,
    "an exponent of 10^5 digits": b"1e" + b"9" * 10**5,
    "a list": b"[]",
    "a list of everything": b'[null,true,1,"a",[],{}]',
    "a list of 10^5 lists": b"[" + b"[]," * 10**5 + b"[]]",
    "100 lists within one another": b"[" * 100 + b"]" * 100,
    "an object within a list": b'[{"title":"a","email":"a@example.com","password":"12345678"}]',
}
TEXT: dict[str, bytes] = {
    "no letters": b'""',
    "a word": b'"a"',
    "an escaped quote": rb'"\""',
    "every escape": rb'"\"\\\/\b\f\n\r\t\u0041"',
    "a surrogate pair": rb'"\ud83e\udd5b"',
    "half a pair": rb'"\ud83e"',
    "the other half": rb'"\udd5b"',
    "halves the wrong way round": rb'"\udd5b\ud83e"',
    "NUL": rb'"\u0000"',
    "a non-character": rb'"\ufffe"',
    "line separators": '"\u2028\u2029"'.encode(),
    "a byte order mark": '"\ufeff"'.encode(),
    "delete": b'"\x7f"',
    "10^5 letters": b'"' + b"a" * 10**5 + b'"',
    "JSON": rb'"{\"title\":\"a\"}"',
}


def malformed() -> Iterator[tuple[str, bytes]]:
    """Each document that is no JSON, with a name to report it by."""
    for kind, documents in MALFORMED.items():
        for number, document in enumerate(documents):
            yield f"{kind} {number}: {document[:30]!r}", document
