"""The stand-ins for the outside world do what the tests rely on."""

from __future__ import annotations

import smtplib
import sqlite3
from email.message import EmailMessage

import psycopg
import pytest

from tests.support.mail import MailServer
from tests.support.postgres import PostgresServer


@pytest.mark.postgres
def test_a_database_made_from_a_template_is_a_copy_of_its_own(postgres_server: PostgresServer) -> None:
    postgres_server.create("original")
    with psycopg.connect(f"{postgres_server.conninfo} dbname=original") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'つなぐ' AS word")
    postgres_server.create("copy", "original")
    with psycopg.connect(f"{postgres_server.conninfo} dbname=copy") as connection:
        connection.execute("INSERT INTO kept VALUES ('二つ目')")
    with psycopg.connect(f"{postgres_server.conninfo} dbname=original") as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("つなぐ",)]
    postgres_server.drop("copy")
    postgres_server.drop("original")


@pytest.mark.postgres
def test_the_url_of_a_database_is_one_that_sqlalchemy_and_libpq_understand(postgres_server: PostgresServer) -> None:
    url = postgres_server.url("postgres")
    assert url.startswith("postgresql+psycopg://")
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_a_mail_is_kept_with_its_recipients(mail_server: MailServer) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "期限のお知らせ", "tsunagu@example.jp", "a@example.jp"
    message.set_content("評価の期限が過ぎています。")
    with smtplib.SMTP(mail_server.host, mail_server.port) as client:
        client.send_message(message)
    assert [kept["Subject"] for kept in mail_server.received] == ["期限のお知らせ"]
    assert mail_server.recipients == [["a@example.jp"]]


def test_a_refusing_mail_server_keeps_nothing(mail_server: MailServer) -> None:
    mail_server.refuse = "451 later"
    with smtplib.SMTP(mail_server.host, mail_server.port) as client, pytest.raises(smtplib.SMTPDataError):
        client.sendmail("a@example.jp", "b@example.jp", "Subject: x\n\nx")
    assert mail_server.received == []


def test_a_sqlite_database_is_migrated_and_empty(sqlite_url: str) -> None:
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert "alembic_version" in tables


def test_a_test_on_any_database_runs_on_the_one_it_names(any_database: str, database_url: str) -> None:
    assert database_url == any_database
