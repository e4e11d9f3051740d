/** Markdown of a description as sanitised HTML. Loaded only where there is a description to show. */
import createDOMPurify, { type WindowLike } from "dompurify";
import { Marked } from "marked";

const TAGS = "a blockquote br code del em h4 h5 h6 hr img li ol p pre strong table tbody td th thead tr ul".split(" ");
const ATTRIBUTES = ["href", "src", "alt", "title", "start", "align"];
const SCHEMES = /^(?:https?:\/\/|mailto:|\/|#)/i;
/** The title of the panel is an h2, and that of the description an h3. */
const LEVELS_ABOVE = 3;

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // HTML in a description is text.
    html: ({ text }) => escapeHtml(text),
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + LEVELS_ABOVE);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

export type RenderMarkdown = (text: string) => string;

/**
 * Makes the function that turns Markdown into HTML for `innerHTML`. Where the browser has Trusted Types, this is no
 * string but a TrustedHTML of the policy `dompurify`, which TypeScript's `innerHTML` does not know. `images` are the
 * origins whose images may be shown.
 */
export function markdownRenderer(images: readonly string[], root: WindowLike = window): RenderMarkdown {
  const purifier = createDOMPurify(root);
  purifier.addHook("uponSanitizeElement", (node, { tagName }) => {
    if (tagName === "img" && !isFrom(images, (node as Element).getAttribute("src"))) node.parentNode?.removeChild(node);
  });
  purifier.addHook("afterSanitizeAttributes", (node) => {
    if (node.tagName !== "A") return;
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener nofollow");
  });
  return (text) =>
    purifier.sanitize(marked.parse(text, { async: false }), {
      ALLOWED_TAGS: TAGS,
      ALLOWED_ATTR: ATTRIBUTES,
      ALLOWED_URI_REGEXP: SCHEMES,
      ALLOW_ARIA_ATTR: false,
      ALLOW_DATA_ATTR: false,
      ADD_URI_SAFE_ATTR: ["start", "align"],
      RETURN_TRUSTED_TYPE: true,
    }) as unknown as string;
}

/** As the Content-Security-Policy understands the origins: "https://*.example.com" means every subdomain. */
function isFrom(origins: readonly string[], address: string | null): boolean {
  if (address === null || !URL.canParse(address)) return false;
  const { origin, host, protocol } = new URL(address);
  return origins.some((allowed) => {
    const pattern = allowed.replace(/:443$/, "");
    const domain = pattern.startsWith("https://*.") && pattern.slice("https://*".length);
    return domain ? protocol === "https:" && host.endsWith(domain) : origin === pattern;
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
