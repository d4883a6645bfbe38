"""Tests about the stack itself are on the stack, whatever the others run on."""

import pytest

from casefeed_stack import Stack


@pytest.fixture(scope="session")
def stack(own_stack: Stack) -> Stack:
    """The project's own stack; a test that kills a part of it starts it again."""
    return own_stack
