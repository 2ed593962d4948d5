"""The keyring: wrapping, rotation, and refusals that say what is wrong."""

from base64 import b64encode

import pytest

from audit import keyring

OLD = "old:" + b64encode(b"o" * 32).decode()
NEW = "new:" + b64encode(b"n" * 32).decode()


def test_a_wrapped_secret_opens_again(settings):
    settings.KEYRING = NEW

    wrapped = keyring.wrap(b"secret", purpose="totp")

    assert keyring.unwrap(wrapped, purpose="totp") == b"secret"


def test_wrapping_twice_gives_different_bytes(settings):
    settings.KEYRING = NEW

    assert keyring.wrap(b"secret", purpose="totp") != keyring.wrap(b"secret", purpose="totp")


def test_after_a_rotation_old_secrets_open_and_new_ones_use_the_first_key(settings):
    settings.KEYRING = OLD
    wrapped = keyring.wrap(b"secret", purpose="totp")

    settings.KEYRING = f"{NEW}, {OLD}"

    assert keyring.unwrap(wrapped, purpose="totp") == b"secret"
    assert keyring.wrap(b"secret", purpose="totp")[2:5] == b"new"


def test_a_secret_does_not_open_for_another_purpose(settings):
    settings.KEYRING = NEW
    wrapped = keyring.wrap(b"secret", purpose="totp")

    with pytest.raises(keyring.KeyringError, match="does not open"):
        keyring.unwrap(wrapped, purpose="webhook-secret")


def test_the_key_id_in_front_cannot_be_changed(settings):
    settings.KEYRING = f"{NEW},nEw:{NEW.partition(':')[2]}"
    wrapped = bytearray(keyring.wrap(b"secret", purpose="totp"))
    wrapped[3] = ord("E")

    with pytest.raises(keyring.KeyringError, match="does not open"):
        keyring.unwrap(bytes(wrapped), purpose="totp")


def test_a_missing_key_is_named(settings):
    settings.KEYRING = OLD
    wrapped = keyring.wrap(b"secret", purpose="totp")

    settings.KEYRING = NEW

    with pytest.raises(keyring.KeyringError, match="'old'"):
        keyring.unwrap(wrapped, purpose="totp")


@pytest.mark.parametrize("junk", [b"", b"\x01", b"\x02junk", b"\x01\x03new", b"\x01\xffnew"])
def test_junk_is_refused_in_a_sentence(settings, junk):
    settings.KEYRING = NEW

    with pytest.raises(keyring.KeyringError):
        keyring.unwrap(junk, purpose="totp")


@pytest.mark.parametrize("ring", ["", " , ", "k1", "k1:", "k1:AAAA", f":{'A' * 43}=", f"{OLD},{OLD}", "k1:!!"])
def test_a_keyring_written_wrongly_is_refused(settings, ring):
    settings.KEYRING = ring

    with pytest.raises(keyring.KeyringError):
        keyring.wrap(b"secret", purpose="totp")
