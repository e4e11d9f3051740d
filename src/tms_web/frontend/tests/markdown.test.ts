/** Descriptions are written by others: whatever they contain, nothing of it may run, load or look like the page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { markdownRenderer } from "../src/pages/task-panel/markdown.ts";

const { window } = new JSDOM("<!doctype html><body></body>");
const render = markdownRenderer(
  ["https://images.example.com", "https://*.example.net", "https://example.org:443"],
  window,
);

function shown(text: string): HTMLElement {
  const body = window.document.createElement("div");
  body.innerHTML = String(render(text));
  return body;
}

test("Markdown becomes elements, with its headings below that of the description", () => {
  const body = shown("# Plan\n\nBuy **milk** and\nbread\n\n- [x] one\n- [ ] two\n\n| a | b |\n|---|---|\n| 1 | 2 |");
  assert.equal(body.querySelector("h4")?.textContent, "Plan");
  assert.equal(body.querySelector("h1, h2, h3"), null);
  assert.equal(body.querySelector("strong")?.textContent, "milk");
  assert.ok(body.querySelector("p br"));
  assert.deepEqual(
    [...body.querySelectorAll("li")].map((item) => item.textContent?.trim()),
    ["☑ one", "☐ two"],
  );
  assert.equal(body.querySelectorAll("td").length, 2);
  assert.equal(shown("3. three\n4. four").querySelector("ol")?.getAttribute("start"), "3");
});

const PAYLOADS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)><script>alert(1)</script></svg>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
  '<a href="javascript:alert(1)">x</a>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<form action="https://evil.example"><input name=password><button>Sign in</button></form>',
  '<p style="position:fixed;inset:0" class="dialog" id="app">x</p>',
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java&#x0A;script:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](vbscript:msgbox(1))",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "<javascript:alert(1)>",
  '[x](https://example.com "\\" onmouseover=alert(1) \\"")',
  '![x" onerror="alert(1)](https://images.example.com/a.png)',
  '![x](https://images.example.com/a.png"onerror="alert(1))',
  "```\n</code></pre><script>alert(1)</script>\n```",
  "`</code><img src=x onerror=alert(1)>`",
  "[x]: javascript:alert(1)\n\n[x]",
  "| <img src=x onerror=alert(1)> |\n|---|\n| </table><script>alert(1)</script> |",
];

for (const payload of PAYLOADS) {
  test(`nothing runs: ${payload}`, () => {
    const body = shown(payload);
    const forbidden =
      "script, svg, math, style, iframe, form, input, button, object, embed, link, meta, base, noscript, template";
    assert.equal(body.querySelector(forbidden), null, body.innerHTML);
    for (const element of body.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        assert.ok(!name.startsWith("on"), `${name} in ${body.innerHTML}`);
        assert.ok(!["style", "class", "id", "name", "srcdoc", "srcset"].includes(name), `${name} in ${body.innerHTML}`);
        if (name === "href" || name === "src") assert.match(value, /^(https?:\/\/|mailto:|\/|#)/);
      }
    }
  });
}

test("HTML is shown as the text that was written", () => {
  assert.equal(shown("a <b>bold</b> word").textContent?.trim(), "a <b>bold</b> word");
  assert.equal(shown("<script>alert(1)</script>").textContent?.trim(), "<script>alert(1)</script>");
});

test("links open in a tab of their own, without access to the page and without a recommendation", () => {
  for (const text of ["[x](https://example.com/)", "https://example.com/", "<https://example.com/>"]) {
    const link = shown(text).querySelector("a");
    assert.equal(link?.getAttribute("href"), "https://example.com/");
    assert.equal(link?.getAttribute("target"), "_blank");
    assert.equal(link?.getAttribute("rel"), "noopener nofollow");
  }
});

test("images are shown from the configured origins only", () => {
  const allowed = shown("![chart](https://images.example.com/a.png)").querySelector("img");
  assert.equal(allowed?.getAttribute("src"), "https://images.example.com/a.png");
  assert.equal(allowed?.getAttribute("alt"), "chart");
  for (const address of ["https://a.b.example.net/a.png", "https://example.org/a.png"])
    assert.ok(shown(`![x](${address})`).querySelector("img"), address);
  const refused = [
    "https://example.net/a.png",
    "https://evilexample.net/a.png",
    "https://a.example.net:8443/a.png",
    "http://a.example.net/a.png",
    "https://evil.example/a.png",
    "https://images.example.com.evil.example/a.png",
    "https://images.example.com@evil.example/a.png",
    "http://images.example.com/a.png",
    "https://images.example.com:8443/a.png",
    "//images.example.com/a.png",
    "/api/users/me",
    "data:image/png;base64,AAAA",
  ];
  for (const address of refused) {
    const body = shown(`before ![x](${address}) after`);
    assert.equal(body.querySelector("img"), null, address);
    assert.match(body.textContent ?? "", /before\s+after/);
  }
});
