"""The bed of the account tests: passwords that cost little."""

from tests.reviews.conftest import cheap_passwords as cheap_passwords
