"""The days of the simulated city, each closed by the checks of what must hold in the evening."""

from __future__ import annotations

from datetime import date, time, timedelta

from tests.simulation import desk
from tests.simulation.city import City

TICKS_OPEN = (time(6), time(12, 10), time(17, 30), time(23))
TICKS_CLOSED = (time(8), time(23))


def live(city: City, day: date) -> None:
    """One day, closed or open, from its first tick to its last."""
    city.decide_about_scheduler(day)
    city.go_to(day, time(0, 1))
    if city.is_open(day):
        _open_day(city, day)
        return
    for at in TICKS_CLOSED:
        city.go_to(day, at)
        city.tick()


def _open_day(city: City, day: date) -> None:
    _absences(city, day)
    city.go_to(day, TICKS_OPEN[0])
    city.tick()
    city.go_to(day, time(8, 30))
    for _ in range(city.calls_today()):
        desk.take_call(city)
    for person in city.present():
        desk.work(city, person, city.chance.randint(4, 9))
    city.go_to(day, TICKS_OPEN[1])
    city.tick()
    city.go_to(day, time(13))
    for person in city.present():
        if city.chance.random() < 0.4:
            desk.work(city, person, city.chance.randint(1, 5))
    desk.events_of_cases(city)
    for person in city.present():
        if city.chance.random() < 0.4:
            desk.look_after_late_work(city, person)
    for at in TICKS_OPEN[2:]:
        city.go_to(day, at)
        city.tick()


def _absences(city: City, day: date) -> None:
    """People come back, and others stay away from today on: some hand their work over before."""
    for staff_id in [one for one, last in city.away.items() if last < day]:
        del city.away[staff_id]
    for person in city.people:
        if person.id in city.away or city.chance.random() >= 0.025:
            continue
        length = city.chance.choice((1, 1, 2, 3, 5, 10))
        if length > 1 and city.chance.random() < 0.6:
            desk.hand_over(city, person)
        city.away[person.id] = day + timedelta(days=length - 1)
        city.seen.acts["absences"] += 1
