"""Thirty names that act on a terminal, a table or a spreadsheet if they are not shown literally."""

HOSTILE = (
    *(
        "[/foo]",
        "[bold]x",
        "[/]",
        "[link=https://x.invalid]y[/link]",
        "[red]",
        "\\[x]",
        ":smile:",
        "[@click=app.bell]z",
    ),
    *(
        "\x1b[31mred",
        "\x1b]8;;https://x.invalid\x07l\x1b]8;;\x07",
        "\x1b[2J",
        "a\rb",
        "bell\x07",
        "back\x08space",
        "\x9b31m",
    ),
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", '=HYPERLINK("https://x.invalid")', "＝1+1"),
    *(
        "two\nlines",
        "a|b",
        "**bold**",
        "<script>alert(1)</script>",
        "`code`",
        "\u202eevil",
        "\udcff.png",
        "_a_ ~~b~~ &amp;",
    ),
)
assert len(HOSTILE) == 30
