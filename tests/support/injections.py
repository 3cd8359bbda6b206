"""Sixty texts that act on a page, a terminal, a table or a spreadsheet if they are not shown literally."""

from hostile_names import HOSTILE

OF_PAGES = (
    *(
        "<script>window.pwned=1</script>",
        "</script><script>window.pwned=2</script>",
        "<img src=x onerror=window.pwned=3>",
        '"><img src=x onerror="window.pwned=4">',
        "'><svg onload=window.pwned=5>",
        "<svg><script>window.pwned=6</script></svg>",
        "</title><script>window.pwned=7</script>",
        "</style><script>window.pwned=8</script>",
        "</text></svg><img src=x onerror=window.pwned=9>",
        "</desc><script>window.pwned=10</script>",
    ),
    *(
        "<iframe srcdoc='<script>parent.pwned=11</script>'></iframe>",
        "<a href='javascript:window.pwned=12'>x</a>",
        "javascript:window.pwned=13",
        "<meta http-equiv=refresh content='0;url=https://x.invalid'>",
        "<base href=https://x.invalid/>",
        "<link rel=stylesheet href=https://x.invalid/a.css>",
        "<style>body{display:none}</style>",
        "<form action=https://x.invalid><button>x</button></form>",
        "<object data=https://x.invalid></object>",
        "<details open ontoggle=window.pwned=20>",
    ),
    *(
        '" onmouseover="window.pwned=21" x="',
        "' onfocus='window.pwned=22' autofocus='",
        "x`onload=window.pwned=23`",
        "{{ 7 * 7 }}",
        "{% include '/etc/passwd' %}",
        "{{ self.__init__.__globals__ }}",
        "<!-- <script>window.pwned=27</script> -->",
        "<![CDATA[<script>window.pwned=28</script>]]>",
        "&lt;script&gt;window.pwned=29&lt;/script&gt;",
        "-->\u2028<img src=//x.invalid onerror=window.pwned=30>",
    ),
)
INJECTIONS = (*HOSTILE, *OF_PAGES)
assert len(set(INJECTIONS)) == 60
