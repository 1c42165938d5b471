"""Asks a node whether texts, or an image, are on the list. Python's standard library only.

    python3 check.py --key-file acme/api-keys/detector.key "carved tusk bangle"
    python3 check.py --key-file acme/api-keys/detector.key --image photo.jpg

Exit code: 0 nothing to block or review, 1 something is, 2 wrong use, 3 the node did not answer.
"""

import argparse
import http.client
import json
import random
import sys
import time
import urllib.error
import urllib.request
import uuid

TRIES = 3
TIMEOUT = 10  # seconds


def ask(url, key, body, content_type):
    """Sends a check and gives the answer; tries again where that helps: a check changes nothing."""
    for attempt in range(1, TRIES + 1):
        request = urllib.request.Request(url + "/v1/check", data=body, method="POST")
        request.add_header("Authorization", "Bearer " + key)
        request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            if refusal.code not in (429, 503) or attempt == TRIES:
                raise
            wait = float(refusal.headers.get("Retry-After", "1"))
        except OSError:
            if attempt == TRIES:
                raise
            wait = 0.2 * 2**attempt
        time.sleep(wait * random.uniform(0.5, 1.0) if wait < 1 else wait)


def form_of(image):
    """An image as multipart/form-data (RFC 7578)."""
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"\r\n\r\n'
    return head.encode() + image + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def explain(failure):
    """What the node said of a refusal, or what else went wrong."""
    if isinstance(failure, urllib.error.HTTPError):
        try:
            return json.load(failure)["detail"]
        except (ValueError, KeyError):
            pass
    return str(failure)


def main():
    parser = argparse.ArgumentParser(description="Asks a node whether texts, or an image, are on the list.")
    parser.add_argument("--node", default="http://127.0.0.1:7480", help="the node's local API")
    parser.add_argument("--key-file", required=True, help="a file with a detector's key")
    parser.add_argument("--image", help="an image file to check")
    parser.add_argument("text", nargs="*", help="texts to check")
    arguments = parser.parse_args()
    if not arguments.text and not arguments.image:
        parser.error("give a text or an image")
    try:
        with open(arguments.key_file, encoding="ascii") as file:
            key = file.read().strip()
        requests = []
        if arguments.text:
            items = [{"kind": "text", "value": text} for text in arguments.text]
            requests.append((json.dumps({"items": items}).encode(), "application/json"))
        if arguments.image:
            with open(arguments.image, "rb") as file:
                requests.append(form_of(file.read()))
    except OSError as failure:
        print(failure, file=sys.stderr)
        return 2

    grave = False
    try:
        for body, content_type in requests:
            for item in ask(arguments.node, key, body, content_type)["items"]:
                reasons = "; ".join(f"{match['category']}: {match['reason']}" for match in item["matches"])
                print(item["verdict"], reasons)
                # An image that cannot be decoded was looked up as a file only: a person should see it.
                grave = grave or item["verdict"] in ("block", "review", None) or bool(item.get("error"))
    except (OSError, ValueError, http.client.HTTPException) as failure:
        print(explain(failure), file=sys.stderr)
        return 3
    return 1 if grave else 0


if __name__ == "__main__":
    sys.exit(main())
