"""The bed of the page tests: the people and the world of the review tests."""

from tests.reviews.conftest import ana, ben, cheap_passwords, world  # noqa: F401
