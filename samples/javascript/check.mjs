// Asks a node whether texts, or an image, are on the list. Node.js 18 or later, nothing else.
//
//     node check.mjs --key-file acme/api-keys/detector.key "carved tusk bangle"
//     node check.mjs --key-file acme/api-keys/detector.key --image photo.jpg
//
// Exit code: 0 nothing to block or review, 1 something is, 2 wrong use, 3 the node did not answer.

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

const TRIES = 3;
const TIMEOUT = 10_000; // milliseconds

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Sends a check and gives the answer; tries again where that helps: a check changes nothing. */
async function ask(node, key, body, headers) {
  for (let attempt = 1; ; attempt++) {
    let wait = 200 * 2 ** attempt * (0.5 + Math.random() / 2);
    try {
      const answer = await fetch(new URL("/v1/check", node), {
        method: "POST",
        headers: { Authorization: `Bearer ${key}`, ...headers },
        body,
        signal: AbortSignal.timeout(TIMEOUT),
      });
      if (answer.ok) {
        return await answer.json();
      }

      if (![429, 503].includes(answer.status) || attempt === TRIES) {
        const problem = await answer.json().catch(() => ({}));
        throw Object.assign(new Error(problem.detail ?? `The node answered ${answer.status}.`), { refused: true });
      }

      wait = 1000 * Number(answer.headers.get("retry-after") ?? 1);
    } catch (failure) {
      if (failure.refused || attempt === TRIES) {
        throw failure;
      }
    }

    await pause(wait);
  }
}

async function main() {
  let options, texts, key, requests;
  try {
    ({ values: options, positionals: texts } = parseArgs({
      allowPositionals: true,
      options: {
        node: { type: "string", default: "http://127.0.0.1:7480" },
        "key-file": { type: "string" },
        image: { type: "string" },
      },
    }));
    if (!options["key-file"] || (texts.length === 0 && !options.image)) {
      throw new Error("usage: check.mjs --key-file FILE [--node URL] [--image FILE] [TEXT...]");
    }

    key = (await readFile(options["key-file"], "ascii")).trim();
    requests = [];
    if (texts.length > 0) {
      const items = texts.map((value) => ({ kind: "text", value }));
      requests.push([JSON.stringify({ items }), { "Content-Type": "application/json" }]);
    }

    if (options.image) {
      const form = new FormData();
      form.append("image", new Blob([await readFile(options.image)]));
      requests.push([form, {}]);
    }
  } catch (failure) {
    console.error(failure.message);
    return 2;
  }

  let grave = false;
  try {
    for (const [body, headers] of requests) {
      for (const item of (await ask(options.node, key, body, headers)).items) {
        console.log(item.verdict, item.matches.map((m) => `${m.category}: ${m.reason}`).join("; "));
        // An image that cannot be decoded was looked up as a file only: a person should see it.
        grave ||= ["block", "review", null].includes(item.verdict) || Boolean(item.error);
      }
    }
  } catch (failure) {
    console.error(failure.cause?.message || failure.message);
    return 3;
  }

  return grave ? 1 : 0;
}

process.exitCode = await main();
