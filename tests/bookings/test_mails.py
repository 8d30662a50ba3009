"""Mails: to the person concerned, once, in order, in French; and to nobody who was erased."""

from __future__ import annotations

import asyncio
import mailbox
import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from bookings import mails
from bookings.closing import Closing
from bookings.letters import Letter
from bookings.mails import Mails
from bookings.outbox import spread
from net.mail import MailFolder, MailRefused, MailUnavailable, SmtpRelay
from sync.alerts import alert, hand_over

SENDER = "Passerelle <ne-pas-repondre@passerelle.example>"


class Postbox:
    """Keeps what it is given; it can be down, refuse, or die with the mail in its hands."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.fails: list[Exception | type[BaseException]] = []

    async def send(self, message: EmailMessage) -> None:
        if self.fails and isinstance(self.fails[0], MailUnavailable | MailRefused):
            raise self.fails.pop(0)
        self.got.append(message)
        if self.fails:
            raise self.fails.pop(0)

    def subjects(self) -> list[str]:
        return [message["Subject"] for message in self.got]


@pytest.fixture
def box() -> Postbox:
    return Postbox()


@pytest.fixture
def post(town, box) -> Mails:
    return Mails(town.pool, box, town.clock, sender=SENDER, staff="equipe@passerelle.example")


async def known(town, **changed):
    person = await town.person()
    told = {"email": "ada@exemple.fr", "first_name": "Ada"} | changed
    await town.pool.execute(
        "insert into beneficiary (pseudonym, email, first_name, last_name) values ($1, $2, $3, 'Lovelace')",
        person, told["email"], told["first_name"],
    )  # fmt: skip
    return person


async def deliver(town, post: Mails):
    while await spread(town.pool, town.clock()):
        pass
    return await post.send_due()


async def test_a_booking_and_its_end_are_told_once(town, post, box) -> None:
    """Made, cancelled: what, where, when, how much, the countermark; a second turn sends nothing."""
    person, show = await known(town), await town.show(is_duo=True)
    made = await town.bookings().book(person, show.stock_id, 2, "k")
    await town.bookings().cancel(person, made.id)
    assert await deliver(town, post) == {"sent": 2}
    assert await deliver(town, post) == {}
    first, second = box.got
    assert (first["To"], first["From"]) == ("ada@exemple.fr", SENDER)
    text = first.get_content()
    for said in ("Bonjour Ada,", "jeudi 3 décembre 2026 à 13 h 00", "2 places", "30,00 €", made.countermark):
        assert said in text
    assert "Vous l'avez annulée." in second.get_content()
    assert "30,00 € sont revenus sur votre crédit." in second.get_content()
    assert first["Message-ID"] != second["Message-ID"]


async def test_a_relay_that_is_down_is_tried_again_and_a_later_mail_waits(town, post, box) -> None:
    """In order for each booking; refused for good it is dead, and the next one goes."""
    person, show = await known(town), await town.show()
    made = await town.bookings().book(person, show.stock_id, 1, "k")
    await town.bookings().cancel(person, made.id)
    box.fails = [MailUnavailable("réponse 421")]
    assert await deliver(town, post) == {"waiting": 1}
    assert box.got == []
    town.clock.later(minutes=2)
    box.fails = [MailRefused("réponse 550")]
    assert await deliver(town, post) == {"dead": 1, "sent": 1}
    assert await town.pool.fetchval("select last_error from mail where state = 'dead'") == "réponse 550"


async def test_killed_between_sending_and_marking_it_comes_under_the_same_id(town, post, box) -> None:
    """The same Message-ID: a reader's software knows it for the same."""
    await town.bookings().book(await known(town), (await town.show()).stock_id, 1, "k")
    box.fails = [asyncio.CancelledError]
    with pytest.raises(asyncio.CancelledError):
        await deliver(town, post)
    assert await deliver(town, post) == {}
    town.clock.later(minutes=3)
    assert await deliver(town, post) == {"sent": 1}
    assert len({message["Message-ID"] for message in box.got}) == 1


async def test_nobody_is_written_to_who_is_not_known(town, post, box) -> None:
    """An erased person, and an address that is none; no address or name lies in the table."""
    show = await town.show()
    for person in (await known(town), await known(town, email="pas une adresse"), await town.person()):
        await town.bookings().book(person, show.stock_id, 1, "k")
    await town.pool.execute(
        "update beneficiary set erased_at = now(), email = null, first_name = null, last_name = null"
        " where email = 'ada@exemple.fr'"
    )
    assert await deliver(town, post) == {"void": 3}
    assert box.got == []
    assert "Ada" not in str(await town.pool.fetch("select * from mail"))


async def test_a_title_cannot_write_headers(town, post, box) -> None:
    """A line's end in a title, or in a name, is no second header."""
    person, show = await known(town, first_name="Ada\r\nBcc: x@y"), await town.show()
    await town.pool.execute("update event set title = E'Le Cid\\r\\nBcc: tous@exemple.fr'")
    await town.bookings().book(person, show.stock_id, 1, "k")
    assert await deliver(town, post) == {"sent": 1}
    assert box.got[0]["Bcc"] is None
    assert box.subjects() == ["Votre réservation : Le Cid Bcc: tous@exemple.fr"]


async def test_goods_are_announced_before_they_expire(town, post, box) -> None:
    """Seven days before, a book five; once; and not to who has fetched them."""
    person = await known(town)
    book, disc = await town.book(), await town.book(subcategory="SUPPORT_PHYSIQUE_MUSIQUE_CD")
    await town.bookings().book(person, book.stock_id, 1, "k1")
    await town.bookings().book(person, disc.stock_id, 1, "k2")
    await deliver(town, post)
    told = []
    for _ in range(30):
        town.clock.later(days=1)
        await Closing(town.pool, town.clock).warn()
        told.append((await deliver(town, post)).get("sent", 0))
    assert [day + 1 for day, sent in enumerate(told) if sent] == [5, 23]
    assert "vous attend jusqu'au jeudi 3 décembre 2026" in box.got[2].get_content()


async def test_a_move_and_a_late_refusal_are_told(town, post, box, ticketing) -> None:
    """A new time with the new limit; a seat that could not be had after all, to whom was told to wait."""
    person, show = await known(town), await town.show()
    made = await town.bookings().book(person, show.stock_id, 1, "k")
    later = town.clock.now + timedelta(days=12, hours=7)
    await town.pool.execute(
        "with news as (insert into session_news (session_id, what, begins_at, noted_at)"
        " select session_id, 'moved', $2::timestamptz, $3 from booking where id = $1 returning id)"
        " insert into booking_notice (news_id, kind, booking_id, noted_at)"
        " select news.id, 'session_moved', $1, $3 from news",
        made.id, later, town.clock.now,
    )  # fmt: skip
    await deliver(town, post)
    assert "Elle commence le samedi 5 décembre 2026 à 20 h 00." in box.got[1].get_content()
    film = await town.show(ticketing=ticketing)
    ticketing.refuses = ["hold"]
    with pytest.raises(Exception, match="billetterie"):
        await town.bookings().book(person, film.stock_id, 1, "k2")
    await deliver(town, post)
    assert len(box.got) == 2, "the answer itself said so"
    ticketing.loses = ["hold"]
    await town.bookings().book(person, film.stock_id, 1, "k3")
    town.clock.later(minutes=20)
    await town.reconciler().resolve_pending()
    await deliver(town, post)
    assert box.subjects()[2].startswith("Réservation impossible")


async def test_alerts_reach_staff_once(town, post, box) -> None:
    """One mail for what had gathered; two workers make one; what it said is not kept."""
    async with town.pool.acquire() as conn:
        for number in range(3):
            await alert(conn, "provider_down", f"provider:p{number}", f"Panne {number}", town.clock.now)
    assert sorted(await asyncio.gather(*(hand_over(town.pool, town.clock()) for _ in range(2)))) == [0, 3]
    assert await deliver(town, post) == {"sent": 1}
    assert box.got[0]["To"] == "equipe@passerelle.example"
    assert box.subjects() == ["Passerelle : 3 alertes"]
    assert all(f"Panne {number}" in box.got[0].get_content() for number in range(3))
    assert await hand_over(town.pool, town.clock()) == 0
    async with town.pool.acquire() as conn:
        await mails.queue(conn, "x", "alerts", Letter("s", "b"), town.clock.now)
        await mails.queue(conn, "x", "alerts", Letter("s", "b"), town.clock.now)
    assert await deliver(town, post) == {"sent": 1}


class _Relay(socketserver.StreamRequestHandler):
    """As much SMTP as a client needs; `replies` changes the answer to a command."""

    def handle(self) -> None:
        self.wfile.write(b"220 essai\r\n")
        inside = False
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if inside:
                self.server.lines.append(line)
                if line == ".":
                    inside = False
                    self.wfile.write(b"250 kept\r\n")
                continue
            word = line.partition(" ")[0].upper()
            reply = self.server.replies.get(word, {"DATA": "354 go", "QUIT": "221 bye"}.get(word, "250 ok"))
            self.wfile.write(f"{reply}\r\n".encode())
            inside = word == "DATA"
            if word == "QUIT":
                return


@pytest.fixture
def relay() -> Iterator[socketserver.TCPServer]:
    # All addresses: 127.0.0.2 is this machine too, and not one that is let off TLS.
    with socketserver.ThreadingTCPServer(("0.0.0.0", 0), _Relay) as server:
        server.daemon_threads = True
        server.lines, server.replies = [], {}
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_smtp_and_a_folder(relay, tmp_path: Path) -> None:
    """A mail arrives whole; "later" and "never" are told apart; outside the loopback nothing leaves without TLS."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, "ada@exemple.fr", "Été"
    message.set_content("L'été.\n")
    port = relay.server_address[1]
    await SmtpRelay.at(f"smtp://127.0.0.1:{port}").send(message)
    assert any("ada@exemple.fr" in line for line in relay.lines)
    for reply, failure in (("451 plus tard", MailUnavailable), ("550 inconnu", MailRefused)):
        relay.replies = {"RCPT": reply}
        with pytest.raises(failure) as said:
            await SmtpRelay.at(f"smtp://127.0.0.1:{port}").send(message)
        assert "ada" not in str(said.value)
    relay.replies = {}
    taken = len(relay.lines)
    with pytest.raises(MailUnavailable, match="NotSupported"):
        await SmtpRelay.at(f"smtp://u:p@127.0.0.2:{port}").send(message)
    assert len(relay.lines) == taken
    with pytest.raises(MailUnavailable):
        await SmtpRelay.at("smtp://127.0.0.1:1").send(message)
    await MailFolder(tmp_path / "mails").send(message)
    [kept] = mailbox.Maildir(tmp_path / "mails")
    assert kept["To"] == "ada@exemple.fr"
    with pytest.raises(ValueError, match="smtp"):
        SmtpRelay.at("http://x")
    assert "p4ss" not in repr(SmtpRelay.at("smtps://u:p4ss@x"))
