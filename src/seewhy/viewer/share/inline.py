"""A page with all that it loads put into it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from html import escape
from html.parser import HTMLParser

from seewhy.viewer.share.compact import compact_map, compact_photograph
from seewhy.viewer.share.fetch import Answer

Fetch = Callable[[str], Answer]
Attributes = dict[str, str | None]

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {scripts}; "
    "form-action 'none'; base-uri 'none'"
)


class Inliner(HTMLParser):
    """Writes a page anew, with styles, scripts and pictures in it, and no way out of it.

    Links within the page stay, and those that a script handles. Others would need the server:
    their text stays.

    Parameters
    ----------
    fetch : function
        Gives the answer to a link of the page.
    compact : bool
        Whether smaller copies of the pictures do; see `seewhy.viewer.share.compact`.
    """

    def __init__(self, fetch: Fetch, compact: bool) -> None:
        super().__init__(convert_charrefs=False)
        self._compact = compact
        self._fetch = fetch
        self._parts: list[str] = []
        self._scripts: list[str] = []
        self._pictures: dict[str, int] = {}
        self._waiting: dict[str, str] = {}
        self._is_later = False
        self._skipping = False

    def page(self, html: str, views: Mapping[str, str] | None = None) -> str:
        """The page as one file.

        Parameters
        ----------
        html
            The page.
        views
            Parts of it that scripts show instead of asking the server, by name.
        """
        made = self._write(html)
        kept = {name: self._later(view) for name, view in (views or {}).items()}
        last = "".join(f"<script>{script}</script>\n" for script in self._scripts)
        if kept:
            last = _packed("views", kept) + _packed("pictures", self._waiting) + last
        hashes = [_hash(script) for script in re.findall(r"<script>(.*?)</script>", made, re.S)]
        hashes += [_hash(script) for script in self._scripts]
        policy = POLICY.format(scripts=" ".join(hashes) or "'none'")
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        made = made.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{meta}', 1)
        return made.replace("</body>", f"{last}</body>", 1)

    def _write(self, html: str) -> str:
        self._parts.clear()
        self.feed(html)
        self.close()
        self.reset()
        return "".join(self._parts)

    def _later(self, html: str) -> str:
        """A part that is shown later: its pictures are not in it, but beside it."""
        self._is_later = True
        return self._write(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write a tag, or what stands for it in a file."""
        given: Attributes = dict(attrs)
        if tag == "link":
            self._parts.append(self._style(given))
        elif tag == "script" and given.get("src"):
            self._script(given)
        elif tag in ("img", "image") and (key := "src" if tag == "img" else "href") in given:
            self._parts.append(_tag(tag, self._picture(given, key)))
        elif tag == "a" and given.keys() & {"data-pick", "data-zoom"}:
            # A script shows what they lead to; nothing else could.
            self._parts.append(_tag(tag, given | {"href": "#"}))
        elif tag == "a" and not _stays(given):
            self._parts.append(_tag(tag, {k: v for k, v in given.items() if k != "href"}))
        else:
            self._parts.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write a tag that closes itself, as those of SVG do."""
        given: Attributes = dict(attrs)
        if tag == "image" and "href" in given:
            self._parts.append(f"{_tag(tag, self._picture(given, 'href'))[:-1]}/>")
        else:
            self._parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """Write the end of an element."""
        if tag == "script" and self._skipping:
            self._skipping = False
        else:
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Write text."""
        self._parts.append(data)

    def handle_entityref(self, name: str) -> None:
        """Write an entity as it was."""
        self._parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """Write a character as it was."""
        self._parts.append(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        """Write the document type."""
        self._parts.append(f"<!{decl}>")

    def _style(self, given: Attributes) -> str:
        link = given.get("href") or ""
        if given.get("rel") != "stylesheet":
            return _tag("link", given | {"href": self._data(link)})
        text = self._fetch(link).content.decode().replace("</", "<\\/")
        return f"<style>\n{text}\n</style>"

    def _script(self, given: Attributes) -> None:
        # "</script" may only stand within a string or a comment, where a backslash does no harm.
        text = self._fetch(given["src"] or "").content.decode().replace("</script", "<\\/script")
        self._skipping = True
        if "defer" in given:
            self._scripts.append(f"\n{text}")
        else:
            self._parts.append(f"<script>\n{text}</script>")

    def _picture(self, given: Attributes, key: str) -> Attributes:
        """Put a picture into its element; where it stands again, a script takes it from there."""
        link = given[key] or ""
        if self._compact:
            # The smaller copies of both are the same.
            link = re.sub(r"^image/", "thumbnail/", link)
        if link in self._pictures:
            again = {"data-same": str(self._pictures[link])}
            return {k: v for k, v in given.items() if k != key} | again
        number = self._pictures[link] = len(self._pictures)
        signed = "signed" in (given.get("class") or "").split()
        data = self._data(link, signed)
        if self._is_later:
            self._waiting[str(number)] = data
            return {k: v for k, v in given.items() if k != key} | {"data-same": str(number)}
        return given | {key: data, "data-picture": str(number)}

    def _data(self, link: str, signed: bool = False) -> str:
        if link.startswith(("data:", "#")):
            return link
        answer = self._fetch(link)
        media_type, content = answer.media_type, answer.content
        if self._compact and media_type == "image/jpeg":
            media_type, content = "image/webp", compact_photograph(content)
        elif self._compact and media_type == "image/png":
            smaller = compact_map(content, signed)
            media_type, content = ("image/webp", smaller) if smaller else (media_type, content)
        return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _packed(name: str, content: Mapping[str, str]) -> str:
    """Text that a script unpacks: markup repeats itself, and shrinks to a tenth."""
    data = base64.b64encode(gzip.compress(json.dumps(content).encode(), mtime=0)).decode()
    return f'<script type="text/plain" id="{name}">{data}</script>\n'


def _stays(given: Attributes) -> bool:
    link = given.get("href") or ""
    return link.startswith("#") or any(key.startswith("data-") for key in given)


def _tag(tag: str, given: Attributes) -> str:
    pairs = [key if value is None else f'{key}="{escape(value)}"' for key, value in given.items()]
    return f"<{' '.join([tag, *pairs])}>"


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
