"""wapiti and sqlmap against the control and the defended app: python -m tests.security.scan.run [--short]

The scanners run over TLS, signed in, with limits raised, and pass the CSRF token of each form on. The gate is a pair:
the control must be flagged, then the defended app must be clean; and at least 90 % of its routes must have answered
below 400, so that what was scanned are the pages and not a refusal. Both scanners exit with 0 whatever they find, so
their reports are read. `--short` leaves out the slow modules, `--only defended` the control. Scanners: pip install
wapiti3 sqlmap (in an environment of their own: wapiti pins other versions), on PATH or in the folder $KIT_SCANNERS.
"""

import argparse
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from tests.security.scan.control import Control
from tests.security.scan.defended import defended
from tests.security.scan.serve import serving

MODULES = "sql,timesql,xss,permanentxss,redirect,file,exec,crlf,csrf,http_headers,cookieflags,csp,backup,methods"
SHORT = "sql,xss,permanentxss,redirect,file,exec,csrf,http_headers,cookieflags,csp"
MUST = {"SQL Injection", "Reflected Cross Site Scripting", "Command execution", "Path Traversal", "Open Redirect"}
ROUTES = {"/", "/item", "/search", "/comment", "/login", "/file", "/go", "/ping", "/lang"}


def scanner(name):
    """The command line of a scanner."""
    path = os.environ.get("KIT_SCANNERS", "")
    return str(Path(path) / name) if path else name


def signed_in(url):
    """The cookies of a browser that has signed in, as one header."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the certificate is an hour old, and ours
    jar = CookieJar()
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(jar)
    )
    opener.addheaders = [("Sec-Fetch-Site", "same-origin")]
    page = opener.open(url + "/").read().decode()
    token = re.search(r'name="_csrf" value="([^"]+)"', page)
    form = {"login": "ann", "password": "correct horse", "_csrf": token[1] if token else ""}
    answer = opener.open(url + "/login", urllib.parse.urlencode(form).encode()).read().decode()
    if "Welcome" not in answer:
        raise SystemExit("the scan could not sign in")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def wapiti(url, folder, modules, cookie, seconds):
    """What wapiti found: kind -> how often."""
    out = folder / "wapiti.json"
    command = [scanner("wapiti"), "-u", url + "/", "--scope", "folder", "--flush-session", "--no-bugreport"]
    command += ["-m", modules, "--max-scan-time", str(seconds), "--store-session", str(folder), "-v", "0"]
    command += ["-f", "json", "-o", str(out), "--verify-ssl", "0", "-H", f"Cookie: {cookie}"]
    command += ["-H", "Sec-Fetch-Site: same-origin", "--max-attack-time", str(seconds // 3)]  # for each module
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if not out.exists():
        raise SystemExit(f"wapiti made no report: {run.stderr[-2000:]}")
    found = json.loads(out.read_text())["vulnerabilities"]
    told = {kind: [f"{each['method']} {each['path']}: {each['info']}" for each in seen] for kind, seen in found.items()}
    return {kind: seen for kind, seen in told.items() if seen}


def sqlmap(url, folder, cookie):
    """The parameters that sqlmap can inject into."""
    command = [scanner("sqlmap"), "--batch", "--flush-session", "--level=2", "--risk=1", "--ignore-proxy", "--smart"]
    command += [f"--output-dir={folder}", f"--cookie={cookie}", "--headers=Sec-Fetch-Site: same-origin"]
    found = []
    for target in (["-u", f"{url}/item?id=1"], ["-u", f"{url}/", "--crawl=2", "--forms", "--csrf-token=_csrf"]):
        if "--csrf-token=_csrf" in target and cookie == "sid=1":
            target.remove("--csrf-token=_csrf")
        run = subprocess.run([*command, *target], capture_output=True, text=True, check=False)
        found += re.findall(r"^Parameter: (\S+ \(\w+\))", run.stdout, re.MULTILINE)
        for results in folder.glob("results-*.csv"):
            found += [line for line in results.read_text().splitlines()[1:] if line.strip()]
            results.unlink()
    return sorted(set(found))


def scan(name, make, short):
    """Scan one app; (what wapiti found, what sqlmap found, the access log)."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        (folder / "app").mkdir()
        with serving(make(folder / "app"), folder) as (url, log):
            cookie = signed_in(url)
            kinds = wapiti(url, folder, SHORT if short else MODULES, cookie, 90 if short else 300)
            injected = sqlmap(url, folder, cookie)
        print(f"{name}: {len(log)} requests; wapiti {sorted(kinds) or 'nothing'}; sqlmap {injected or 'nothing'}")
        return kinds, injected, log


def blind(kinds, injected):
    """The holes of the control that the scanners did not see."""
    return {must for must in MUST if not any(must in kind for kind in kinds)} | (set() if injected else {"sqlmap"})


def main():
    """Scan both; the exit code tells whether the gate held."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", choices=["defended"])
    args = parser.parse_args()
    if not args.only and (missed := blind(*scan("control", Control, args.short)[:2])):
        print(f"the scanners are blind: the control was not flagged for {sorted(missed)}")
        return 1
    kinds, injected, log = scan("defended", defended, args.short)
    good = {path for _, path, status in log if status < 400} & ROUTES
    print(f"defended: {len(good)} of {len(ROUTES)} routes answered below 400")
    for kind, seen in kinds.items():
        print(kind, *seen[:5], sep="\n    ")
    return int(bool(kinds) or bool(injected) or len(good) < 0.9 * len(ROUTES))


if __name__ == "__main__":
    sys.exit(main())
