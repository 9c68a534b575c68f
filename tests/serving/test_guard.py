"""Whoever guesses waits, and nobody else does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spp_workshop.serving import guard as guards
from spp_workshop.serving.guard import Guard, network

HERE = "203.0.113.5"


class Stopwatch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def guard(clock: Stopwatch) -> Guard:
    return Guard(clock)


def guess(guard: Guard, count: int, browser: str = "guesser", address: str = HERE, name: str = "x") -> int:
    """How many of so many different wrong codes were tried at all."""
    return sum(not guard.admit(address, browser, f"{name}{number}") for number in range(count))


def joins(guard: Guard, browser: str, code: str = "RIGHT", address: str = HERE) -> bool:
    """Whether a right code is let through."""
    admitted = not guard.admit(address, browser, code)
    if admitted:
        guard.forgive(address, code)
    return admitted


def test_a_few_slips_cost_nothing_and_then_the_wait_doubles(guard: Guard, clock: Stopwatch) -> None:
    waits = []
    for number in range(14):
        clock.seconds += guard.wait(HERE, "one")
        assert guard.admit(HERE, "one", f"wrong{number}") == 0
        waits.append(guard.wait(HERE, "one"))
    assert waits == [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_who_waits_is_refused_even_with_a_right_code(guard: Guard, clock: Stopwatch) -> None:
    assert guess(guard, 1_000) == 4
    assert not joins(guard, "guesser")
    clock.seconds += 2
    assert joins(guard, "guesser")


def test_joining_with_the_own_code_does_not_buy_more_guesses(guard: Guard, clock: Stopwatch) -> None:
    tried = 0
    for number in range(100):
        tried += guess(guard, 1, name=f"n{number}-")
        joins(guard, "guesser")
    assert tried == 4


def test_a_guesser_locks_nobody_out_who_sits_behind_the_same_address(guard: Guard) -> None:
    guess(guard, 100_000)
    assert all(joins(guard, f"person{number}") for number in range(300))


def test_many_join_at_the_same_moment_with_one_code(guard: Guard) -> None:
    waits = [guard.admit(HERE, f"person{number}", "RIGHT") for number in range(300)]
    for _ in range(300):
        guard.forgive(HERE, "RIGHT")
    assert set(waits) == {0}
    assert [guard.wait(HERE, f"person{number}") for number in range(300)] == [0] * 300
    assert guess(guard, 10, "person0") == 4


def test_last_weeks_sheet_in_the_hands_of_a_whole_room_counts_once(guard: Guard) -> None:
    for _ in range(5):
        assert all(guard.admit(HERE, f"person{number}", "EXPIRED") == 0 for number in range(300))
    assert all(joins(guard, f"person{number}") for number in range(300))
    assert guess(guard, 10, "person7") == 4


def test_the_same_slip_twice_counts_once(guard: Guard) -> None:
    for _ in range(50):
        assert guard.admit(HERE, "one", "SLIP") == 0
    assert guess(guard, 10, "one") == 3


def test_many_guesses_sent_together_gain_nothing(guard: Guard) -> None:
    # None of them is known to be wrong yet when the next one comes.
    assert [guard.admit(HERE, "one", str(number)) for number in range(6)] == [0, 0, 0, 0, 2, 2]


def test_a_guesser_without_a_cookie_is_slowed_by_the_address(guard: Guard, clock: Stopwatch) -> None:
    tried = sum(guess(guard, 1, f"fresh{number}", name=f"n{number}-") for number in range(10_000))
    assert tried == 3_000
    clock.seconds += 60
    again = sum(guess(guard, 1, f"later{number}", name=f"m{number}-") for number in range(10_000))
    assert again == 300
    assert guard.admit(HERE, "anybody", "code") == 1
    assert joins(guard, "elsewhere", address="198.51.100.7")
    clock.seconds += 1
    assert joins(guard, "anybody")


def test_guessers_from_everywhere_are_slowed_together(guard: Guard, clock: Stopwatch) -> None:
    tried = sum(
        guess(guard, 1, f"fresh{n}", f"10.{n // 62_500}.{n // 250 % 250}.{n % 250}", f"n{n}-")
        for n in range(30_000)
    )
    assert tried == 20_000
    clock.seconds += 1
    assert joins(guard, "anybody")


def test_a_slip_costs_more_where_many_guess(guard: Guard) -> None:
    for number in range(2_250):
        guess(guard, 1, f"fresh{number}", name=f"n{number}-")
    guess(guard, 1, "person")
    assert 14 <= guard.wait(HERE, "person") <= 16


def test_slips_are_forgotten(guard: Guard, clock: Stopwatch) -> None:
    guess(guard, 10)
    clock.seconds += 3_601
    assert guess(guard, 10, name="y") == 4


def test_another_browser_and_another_address_are_others(guard: Guard) -> None:
    guess(guard, 10)
    assert guard.wait(HERE, "guesser") == 2
    assert guard.wait(HERE, "other") == 0
    assert guard.wait("203.0.113.6", "guesser") == 0


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_whose_address_it_is(address: str, whose: str) -> None:
    assert network(address) == whose


# --- Whatever happens ---------------------------------------------------------------------------------------

NAMES = st.sampled_from("abcd")
CODES = st.text(max_size=3)
STEPS = st.lists(
    st.tuples(NAMES, NAMES, CODES, st.booleans(), st.floats(0, 2_000, allow_nan=False)), max_size=80
)


@given(STEPS)
def test_whoever_typed_nothing_wrong_never_waits(steps: list[tuple[str, str, str, bool, float]]) -> None:
    clock = Stopwatch()
    guard = Guard(clock)
    for number, (address, browser, code, right, passing) in enumerate(steps):
        clock.seconds += passing
        if not guard.admit(address, browser, code) and right:
            guard.forgive(address, code)
        assert joins(guard, f"newcomer{number}", address=address)


@given(STEPS)
def test_no_wait_is_longer_than_the_longest_and_each_ends(
    steps: list[tuple[str, str, str, bool, float]],
) -> None:
    clock = Stopwatch()
    guard = Guard(clock)
    for address, browser, code, right, passing in steps:
        clock.seconds += passing
        wait = guard.admit(address, browser, code)
        assert 0 <= wait <= 900
        if not wait and right:
            guard.forgive(address, code)
        clock.seconds += guard.wait(address, browser)
        assert guard.wait(address, browser) == 0


@given(st.lists(st.tuples(st.text(max_size=4), st.floats(0, 5, allow_nan=False)), max_size=200))
def test_the_different_codes_that_a_browser_tries_are_few(steps: list[tuple[str, float]]) -> None:
    clock = Stopwatch()
    guard = Guard(clock)
    tried = {code for code, passing in steps if not _after(guard, clock, code, passing)}
    # Four at once; after the fourth 2 seconds, after the fifth 4 and so on.
    needed = sum(min(900, 2**number) for number in range(1, len(tried) - 3))
    assert clock.seconds - 1_000 >= needed


def _after(guard: Guard, clock: Stopwatch, code: str, passing: float) -> int:
    clock.seconds += passing
    return guard.admit(HERE, "one", code)


@settings(max_examples=20)
@given(st.lists(st.tuples(CODES, NAMES), min_size=1, max_size=30))
def test_what_is_forgiven_was_never_charged(tries: list[tuple[str, str]]) -> None:
    guard = Guard(Stopwatch())
    for code, browser in tries:
        if not guard.admit(HERE, browser, code):
            guard.forgive(HERE, code)
    assert guess(guard, 5_000, "a") == 4
    assert all(allowance.left == allowance.most - 4 for allowance in guard._allowances(HERE, 1_000.0))


def test_it_remembers_no_more_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "MOST", 500)
    guard = Guard(Stopwatch())
    for number in range(2_000):
        guess(guard, 1, f"b{number}", f"10.0.{number // 250}.{number % 250}", f"{number}-")
    assert len(guard._browsers) == len(guard._addresses) == len(guard._tried) == 500
    # The latest are those that it knows.
    assert guess(guard, 10, "b1999", "10.0.7.249", "again") == 3


def test_codes_are_not_kept_as_they_were_typed(guard: Guard) -> None:
    guard.admit(HERE, "one", "SECRETCODE")
    assert "SECRETCODE" not in repr(vars(guard))
