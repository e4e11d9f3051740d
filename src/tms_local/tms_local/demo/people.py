"""Demo users."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

# A reserved domain, to which no mail is delivered. Also identifies demo users.
DOMAIN = "demo.example"

FIRST_NAMES = (
    "Ada", "Amir", "Ana", "Ben", "Carla", "Chen", "Chloe", "Daniel", "Divya", "Elena", "Emeka", "Eva", "Felix",
    "Grace", "Hana", "Hugo", "Ines", "Ivan", "Jack", "Jana", "Jonas", "Kenji", "Lara", "Leo", "Lina", "Luis", "Mara",
    "Marco", "Maya", "Mia", "Milan", "Nadia", "Nils", "Noor", "Olga", "Omar", "Paula", "Pedro", "Priya", "Rosa",
    "Sam", "Sara", "Tariq", "Tess", "Tom", "Vera", "Victor", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Adeyemi", "Almeida", "Andersen", "Bauer", "Bianchi", "Campbell", "Castro", "Dubois", "Fischer", "Garcia",
    "Hansen", "Haddad", "Ito", "Jansen", "Kaya", "Keller", "Kowalski", "Kumar", "Larsen", "Lopez", "Martin", "Mehta",
    "Moreau", "Murphy", "Nguyen", "Novak", "Okafor", "Park", "Petrov", "Quinn", "Rahman", "Reyes", "Rossi", "Santos",
    "Schmidt", "Silva", "Sato", "Tanaka", "Weber", "Wilson",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    first_name: str
    last_name: str

    @property
    def email(self) -> str:
        return f"{self.username}@{DOMAIN}"


def people() -> Iterator[Person]:
    """Yield an endless, reproducible sequence of persons; consecutive persons differ in both names."""
    for number in count():
        turn, place = divmod(number, len(FIRST_NAMES))
        first = FIRST_NAMES[place]
        round_, shift = divmod(turn, len(LAST_NAMES))
        last = LAST_NAMES[(place + shift) % len(LAST_NAMES)]
        yield Person(f"{first}.{last}{round_ + 1 if round_ else ''}".lower(), first, last)
