"""Writes the pictures of mails in docs/img, as Chromium shows them: `make screenshots`."""

import base64

from make_screenshots import IMAGES, SCHEMES, TO_WEBP
from playwright.sync_api import sync_playwright

from tms_core.app import configure
from tms_notifications.preview import sample_mails
from tms_notifications.reading import body_of
from tms_testing.browser import CHROMIUM

KINDS = ("updated", "digest")
# A mail program shows a mail in a part of the screen.
WIDTHS = {"desktop": 680, "phone": 360}
INI = {
    "pyramid.includes": "tms_notifications tms_local",
    "tms.environment": "development",
    "tms.public_url": "https://tasks.example.org",
    "tms.notifications.transport": "file",
}


def main() -> None:
    runtime = configure(INI, web=False).registry.tms
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page()
        converter = browser.new_page()
        for kind, mail in sample_mails(runtime, KINDS):
            page.set_content(body_of(mail.content, "html"))
            for device, width in WIDTHS.items():
                page.set_viewport_size({"width": width, "height": 100})
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    png = base64.b64encode(page.screenshot(full_page=True)).decode()
                    picture = base64.b64decode(converter.evaluate(TO_WEBP, png))
                    (IMAGES / f"mail-{kind}-{device}-{scheme}.webp").write_bytes(picture)
        browser.close()


if __name__ == "__main__":
    main()
