"""Payloads that run a script where a template does not escape them. Each calls `alert`, and does so by itself, on a
click, or on an event that the test sends to every element."""

from __future__ import annotations

#: ways to call it: plain, without brackets, without the word, by a detour
CALLS = [
    "alert(1)",
    "alert`1`",
    "(alert)(1)",
    "window['ale'+'rt'](1)",
    "self['\\x61lert'](1)",
    "eval('ale'+'rt(1)')",
    "\\u0061lert(1)",
    "[1].find(alert)",
    "Function('ale'+'rt(1)')()",
    "globalThis[atob('YWxlcnQ=')](1)",
    "Reflect.apply(alert,null,[1])",
    "new(class{constructor(){alert(1)}})",
]

#: elements that run it; {} is the call, without quotes or spaces in it where the place has none
ELEMENTS = [
    "<script>{}</script>",
    "<ScRiPt >{}</sCrIpT >",
    "<script\t>{}</script\n>",
    "<script/x>{}</script>",
    '<img src=x onerror="{}">',
    '<IMG SRC=x OnErRoR="{}">',
    '<img/src/onerror="{}">',
    '<img src=x\nonerror\n=\n"{}">',
    '<img src=x onerror="{}"',
    '<<img src=x onerror="{}">',
    '<img """><img src=x onerror="{}">',
    '<svg onload="{}">',
    '<svg/onload="{}"//',
    "<svg><script>{}</script></svg>",
    '<svg><animate onbegin="{}" attributeName=x dur=1s>',
    '<body onload="{}">',
    '<details open ontoggle="{}">',
    '<input onfocus="{}" autofocus>',
    '<video src=x onerror="{}"></video>',
    '<video><source onerror="{}" src=x></video>',
    '<audio src=x onerror="{}"></audio>',
    '<style onload="{}"></style>',
    '<object data=x onerror="{}"></object>',
    '<iframe onload="{}"></iframe>',
    '<p onclick="{}">x</p>',
    '<p onmouseover="{}">x</p>',
    '<x onpointerenter="{}">x',
    '<select onfocus="{}"></select>',
    '<textarea onfocus="{}"></textarea>',
    '<a href="javascript:{}">x</a>',
    '<a href=" JaVaScRiPt:{}">x</a>',
    '<a href="java\tscript:{}">x</a>',
    '<a href="java&#10;script:{}">x</a>',
    '<a href="&#106;avascript:{}">x</a>',
    '<a href="javascript&colon;{}">x</a>',
    '<a href="\x01javascript:{}">x</a>',
    '<iframe src="javascript:{}"></iframe>',
    '<form action="javascript:{}"><button>x</button></form>',
    '<form><button formaction="javascript:{}">x</button></form>',
    '<svg><a href="javascript:{}"><text>x</text></a></svg>',
    '"><img src=x onerror="{}">',
    '\'><img src=x onerror="{}">',
    '"/><svg onload="{}">',
    '</p><img src=x onerror="{}">',
    "</textarea><script>{}</script>",
    "</title><script>{}</script>",
    "</script><script>{}</script>",
    "--><script>{}</script>",
    "--!><script>{}</script>",
    "]]><script>{}</script>",
    "</style><script>{}</script>",
    "</noscript><script>{}</script>",
    "</option></select><script>{}</script>",
    "<!--><script>{}</script>",
    "<noscript><p title=\"</noscript><img src=x onerror='{}'>\">",
    "<math><mtext><script>{}</script></mtext></math>",
    "<template></template><script>{}</script>",
    "\x00<script>{}</script>",
    "\ufeff<script>{}</script>",
    "${{7*7}}<script>{}</script>",
]

#: text that leaves an attribute; {} is the call
ATTRIBUTES = [
    '" onclick="{}',
    '" onmouseover="{}" x="',
    '"onfocus="{}" autofocus x="',
    '"\nonclick\n=\n"{}',
    '"/onclick="{}',
    "' onclick='{}",
    "'onmouseover='{}' x='",
    "' onfocus='{}' autofocus x='",
]

#: links that run it
LINKS = [
    "javascript:{}",
    "JAVASCRIPT:{}",
    " javascript:{}",
    "\tjavascript:{}",
    "java\tscript:{}",
    "java\nscript:{}",
    "java\rscript:{}",
    "\x01javascript:{}",
    "\x1fjavascript:{}",
    "javascript://%0a{}",
    "javascript:/*x*/{}",
    "javascript\t:{}",
]


#: where a payload runs unescaped, if not between two tags
_PLACES = {
    "</textarea": "textarea",
    "</title": "title",
    "</script": "script",
    "-->": "comment",
    "--!>": "comment",
    '"': "double",
    "'": "single",
}


def corpus() -> dict[str, str]:
    """All payloads, and the place in a page where each runs if nothing escapes it: every element with three of the
    calls in turn, every attribute and link with several."""
    made = {}
    for number, shape in enumerate(ELEMENTS):
        calls = [CALLS[0], *(CALLS[(number * 2 + step) % len(CALLS)] for step in (1, 2))]
        place = next((place for start, place in _PLACES.items() if shape.startswith(start)), "text")
        made |= {shape.format(call): place for call in calls if not ("title=" in shape and "'" in call)}
    for shape in ATTRIBUTES:
        made |= {shape.format(CALLS[index]): "double" if shape[0] == '"' else "single" for index in (0, 1, 2, 7, 11)}
    for shape in LINKS:
        made |= {shape.format(CALLS[index]): "link" for index in (0, 2, 11)}
    return made
