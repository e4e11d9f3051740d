/** What a User-Agent says about a device, for people; only names that browsers themselves send. */
export interface Device {
  browser: string | null;
  system: string | null;
}

// The first that fits: most browsers name others too.
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bVersion\/\S+.*|\bSafari\//, "Safari"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPad\b/, "iPadOS"],
  [/\biPhone\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/** The browser and the system; a program is named by the first word of its User-Agent. */
export function deviceOf(userAgent: string | null): Device {
  const text = userAgent ?? "";
  if (!text.startsWith("Mozilla/")) return { browser: text.split(/[\s/]/)[0] || null, system: null };
  return { browser: nameIn(BROWSERS, text), system: nameIn(SYSTEMS, text) };
}

function nameIn(known: readonly [RegExp, string][], text: string): string | null {
  return known.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
