"""Each part passes ganzoo's checks: a test for each property of each."""

from ganzoo.testing import conformance

test_conformance = conformance("acme-relativistic")
