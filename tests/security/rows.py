"""The requirements by number, and the table of docs/security.md made of them and of the tests named after them.

    python -m tests.security.rows          # write the table into docs/security.md

A row is (what must hold, its source, who holds it). ASVS is OWASP's Application Security Verification Standard 5.0.
"""

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- table: python -m tests.security.rows -->\n", "<!-- end of table -->\n"

SECTIONS = {
    "Cross-site request forgery": range(1, 13),
    "Headers": range(13, 21),
    "Transport, host, proxy": range(21, 26),
    "Input limits and injection": range(26, 40),
    "Passwords, login, second factors, tokens": range(40, 55),
    "Across all": range(78, 81),
}

ROWS = {
    1: (
        "Any method but GET, HEAD, OPTIONS is checked before the app; so is a method override",
        "ASVS 3.5.1, 3.5.3",
        "Csrf",
    ),
    2: ("Sec-Fetch-Site decides first; only an exact trusted origin may cross", "ASVS 3.5.1; Go 1.25", "Csrf"),
    3: ("Without it: Origin, then Referer, compared by scheme, host and port; null is foreign", "ASVS 3.5.1", "Csrf"),
    4: ("Without all of them only what no browser sends by itself passes without a token", "ASVS 3.5.2", "Csrf"),
    5: (
        "The token belongs to the session, travels in header or form, never in the URL",
        "ASVS 3.5.1, 14.2.1",
        "Csrf",
    ),
    6: ("The token is masked afresh each time, so compression tells nothing (BREACH)", "ASVS 3.5.1", "Csrf"),
    7: ("No clock ends a token; it dies with its session and at each login", "ASVS 7.2.4", "Csrf, Login"),
    8: ("The login form is protected too", "ASVS 3.5.1", "Csrf"),
    9: ("Exempt are exact paths alone", "ASVS 3.5.1", "Csrf"),
    10: ("A refusal is generic, logged, keeps what was typed; report-only for a roll-out", "ASVS 16.3.3", "Csrf"),
    11: ("JSON in a content type that a form can send is refused", "ASVS 3.5.2", "kit.http.body"),
    12: ("Pages of other sites may link here, but load nothing", "ASVS 3.5.6-3.5.8", "Isolation"),
    13: ("A strict Content-Security-Policy by default", "ASVS 3.4.3, 3.4.6", "Headers"),
    14: ("A nonce of 144 bits, for one response, drawn lazily, never on a 304", "ASVS 3.4.3", "Headers"),
    15: ("Policy per response, report-only twin, Trusted Types, bounded report sink", "ASVS 3.4.7", "Headers, csp"),
    16: ("A directive or header that cannot be meant is refused at construction", "ASVS 13.4.6", "Headers"),
    17: ("HSTS of a year with subdomains, over https alone", "ASVS 3.4.1", "Headers"),
    18: (
        "nosniff, referrer, frame, permissions, opener and resource policy; the app's own wins",
        "ASVS 3.4.4-3.4.8",
        "Headers",
    ),
    19: (
        "What a known user sees is not cached; signing out clears the browser",
        "ASVS 14.3.1, 14.3.2",
        "Login, kit.sessions",
    ),
    20: ("No header with CR, LF or NUL leaves, whatever the app below does", "ASVS 1.2.1", "Headers"),
    21: ("Only the named hosts are answered, by a strict grammar", "ASVS 4.1.3", "TrustedHosts"),
    22: ("Absolute URLs follow the canonical origin, not the Host header", "ASVS 4.1.3", "TrustedHosts"),
    23: (
        "Forwarding headers count from trusted peers alone, right to left, one family",
        "ASVS 4.1.3, 15.3.4",
        "TrustedProxy",
    ),
    24: ("Plain http: pages are redirected, everything else is refused", "ASVS 4.1.2", "Https"),
    25: ("CORS for exact origins; `*` with credentials is an error", "ASVS 3.4.2", "Cors"),
    26: (
        "A body has a limit by its length and while it streams; malformed lengths are refused",
        "ASVS 5.2.1, 4.2.1",
        "BodyLimit",
    ),
    27: ("Multipart and urlencoded forms have limits in every direction", "ASVS 5.2.1", "kit.http.body"),
    28: ("JSON has limits of depth, numbers and keys; duplicate keys are refused", "ASVS 1.5.3", "kit.http.json"),
    29: ("URL, headers and method are bounded and well-formed; decoded once", "ASVS 1.1.1, 13.4.4", "Limits"),
    30: ("No path leads out of its folder", "ASVS 5.3.2", "safe_join"),
    31: ("The name of an upload is harmless to store, show and send", "ASVS 5.3.1, 5.4.1, 5.4.2", "upload_name"),
    32: ("An upload is what its first bytes say, and its extension agrees", "ASVS 5.2.2, 5.2.6", "check_upload"),
    33: ("A redirect stays on this site or goes to a listed origin", "ASVS 3.7.2", "redirect_to"),
    34: ("Text from outside is a bound value, never a statement", "ASVS 1.2.4", "kit.data"),
    35: ("No operator comes in where a scalar is expected", "ASVS 1.2.4, 15.3.5", "kit.forms, kit.data"),
    36: ("Only listed fields are taken", "ASVS 15.3.3", "kit.forms, kit.data"),
    37: ("Text stays text in a page", "ASVS 1.2.1-1.2.3, 1.3.7", "kit.render"),
    38: ("Cells are no formulas, log lines stay lines", "ASVS 1.2.10, 16.4.1", "kit.render, kit.audit"),
    39: ("No regular expression blows up", "ASVS 1.3.12", "all of kit"),
    40: ("Argon2id with OWASP's parameters or more; hashes of other frameworks are read", "ASVS 11.4.2", "passwords"),
    41: ("Old hashes are upgraded at login", "ASVS 11.4.2", "passwords"),
    42: (
        "Length, parameters and concurrency of hashing are bounded; nothing is cut",
        "ASVS 6.2.8, 6.2.9",
        "passwords",
    ),
    43: (
        "Common and guessable passwords are refused, without rules of composition",
        "ASVS 6.2.1-6.2.11",
        "passwords",
    ),
    44: ("Guessing is slow per account and client, and locks nobody out", "ASVS 6.1.1, 6.3.1", "Throttle"),
    45: ("Rates are exact for threads and processes", "ASVS 2.4.1", "RateLimit, Quota"),
    46: ("An unknown user takes as long as a wrong password", "ASVS 6.3.8", "passwords"),
    47: ("Secrets are compared in constant time", "ASVS 11.2.4", "all of kit.security"),
    48: ("One-time passwords: a step to either side, each once, throttled", "ASVS 6.5.1-6.5.8", "Totp"),
    49: ("Recovery codes of 120 bits, hashed, each once", "ASVS 6.5.1, 6.5.2", "RecoveryCodes"),
    50: ("Step-up, half-authenticated state, new session id at login", "ASVS 7.2.4, 7.5.1, 7.5.3", "Login, guards"),
    51: ("Tokens have purpose, audience, life, id and one spelling", "ASVS 9.1.1-9.2.4", "Tokens"),
    52: (
        "Keys rotate without a logout and retire; nothing unsealed is accepted",
        "ASVS 11.2.2, 13.3.4",
        "KeyRing, Sealer",
    ),
    53: ("A token is used once, for all processes, and dies with what it is bound to", "ASVS 6.4.1", "Tokens"),
    54: (
        "Weak secrets are refused; weak stacks are found before they are deployed",
        "ASVS 13.2.3",
        "KeyRing, kit check",
    ),
    78: ("Security events are logged in OWASP's words, without secrets", "ASVS 16.2-16.4", "kit.audit"),
    79: ("Errors tell nothing of the inside", "ASVS 16.5.1, 13.4.6", "kit.http.problem"),
    80: ("Each layer works alone over any framework; a wrong order is found", "the design of kit", "kit.wsgi"),
}


def tests_of_rows():
    """Row -> the files that test it, and how many tests (parameters apart) each has."""
    found = defaultdict(dict)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for row in re.findall(r"^def test_row_(\d\d)_", path.read_text(), re.MULTILINE):
            files = found[int(row)]
            files[path.relative_to(ROOT)] = files.get(path.relative_to(ROOT), 0) + 1
    return found


def table():
    """The table as Markdown."""
    found = tests_of_rows()
    lines = []
    for title, numbers in SECTIONS.items():
        lines += [f"\n### {title}\n", "| row | what holds | requirement | by | tests |", "|---|---|---|---|---|"]
        for number in numbers:
            what, source, by = ROWS[number]
            tests = ", ".join(f"[{count}](../{path})" for path, count in found[number].items())
            lines.append(f"| {number} | {what} | {source} | {by} | {tests} |")
    return "\n".join(lines).lstrip("\n") + "\n\n"


def page():
    """The page with a fresh table."""
    text = PAGE.read_text()
    return text[: text.index(BEGIN) + len(BEGIN)] + "\n" + table() + text[text.index(END) :]


if __name__ == "__main__":
    PAGE.write_text(page())
