import pytest
from hypothesis import given
from hypothesis import strategies as st

from tms_core.app import configure
from tms_notifications.hostnames import AddressError, mail_host, smtp_address


@pytest.mark.parametrize(
    ("email", "address"),
    [
        ("ann@example.com", "ann@example.com"),
        ("Ann.Lee+tms@Example.com", "Ann.Lee+tms@example.com"),
        # IDNA 2008 keeps this domain distinct from fass.de, to which IDNA 2003 maps it.
        ("x@faß.de", "x@xn--fa-hia.de"),
        ("x@βόλος.com", "x@xn--nxasmm1c.com"),
        ("x@münchen.de", "x@xn--mnchen-3ya.de"),
        ("x@MÜNCHEN.de", "x@xn--mnchen-3ya.de"),
        ("x@ｅｘａｍｐｌｅ.com", "x@example.com"),
        ("x@example。com", "x@example.com"),
        ("x@ex\u200bample.com", "x@example.com"),
        # The quotes are unnecessary, and the mailbox is the same without them.
        ('"ab"@x.com', "ab@x.com"),
        ('"a b"@x.com', '"a b"@x.com'),
        (r'"a\"b"@x.com', r'"a\"b"@x.com'),
        ('"a@b"@x.com', '"a@b"@x.com'),
        ("ü@x.com", "ü@x.com"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_for_mail_servers(email, address):
    assert smtp_address(email) == address


@pytest.mark.parametrize(
    "email",
    [
        "", "ann", "@x.com", "ann@", "a@.b", "a@b..c", "a@-b.com", "a..b@x.com", ".a@x.com", "a.@x.com", "a b@x.com",
        "a@xn--a.com", f"a@{'b' * 64}.com", f"{'a' * 65}@x.com", "x@y.com?subject=z", '"a@x.com',
        'a"b@x.com', '"a"b"@x.com', "a\r\nb@x.com", "a@x.com\r\nBcc: e@x.y", "a\x00@x.com", "a\u202eb@x.com",
        "a\u200bb@x.com", "a\u2028b@x.com", "a@[x]", "a@[1.2.3]", "a@[192.0.2.1]", "<a@x.com>", "a@x.com>", "a,b@x.com",
        "a@exa mple.com", "a@exa_mple.com", f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 60}.com",
    ],
)  # fmt: skip
def test_invalid_addresses_are_rejected_with_a_sentence(email):
    with pytest.raises(AddressError, match="must be an e-mail address: "):
        smtp_address(email)


@given(st.text() | st.from_regex(r"[^@]{0,8}@[^@]{0,8}", fullmatch=True))
def test_an_address_never_contains_its_delimiters(text):
    try:
        address = smtp_address(text)
    except AddressError:
        return

    local, _, domain = address.rpartition("@")
    assert domain.isascii()
    assert address.isprintable()
    assert not set("<>\r\n\x00") & set(domain)
    assert local.startswith('"') or not set('<>(),:;@\\" ') & set(local)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://tasks.example.org/", "tasks.example.org"),
        ("https://faß.example", "xn--fa-hia.example"),
        ("http://localhost:8000", "localhost"),
        ("http://127.0.0.1:8000", "[127.0.0.1]"),
        ("http://[::1]:8000", "[IPv6:::1]"),
        ("http://task_server:8000", "task_server"),
    ],
)
def test_the_deployments_own_host(url, host):
    ini = {
        "pyramid.includes": "tms_local",
        "tms.environment": "development",
        "tms.jwt_private_key": "k" * 40,
        "tms.public_url": url,
    }

    assert mail_host(configure(ini, web=False).registry.tms) == host
