"""python3 -m unittest discover libs/sdk/python"""

import base64
import json
import os
import socket
import stat
import sys
import tempfile
import threading
import unittest
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

import gatehouse
from gatehouse import GatehouseError, LicenseClient, NotSignedIn, SeatLost, StateFile

NOW = 1_772_366_400.0  # 2026-03-01T12:00:00Z
BEAT = {
    "expires_at": "2026-03-01T12:06:00.000Z",
    "heartbeat_interval_seconds": 150,
    "seats": {"used": 1, "max": 1},
}
SEAT = {**BEAT, "session_id": "seat_1", "license": {"id": "lic_1", "tier": "PRO", "entitlements": ["sync:read"]}}


def refusal(status, code, headers=None, **details):
    return status, {"error": {"code": code, "message": code, "trace_id": "t", "details": details}}, headers or {}


class Server:
    """The far end of the network: says what it is told to, and remembers what it was asked."""

    def __init__(self):
        self.got = []
        self.answers = {
            "POST /licenses/acquire": lambda _: (200, SEAT, {}),
            "PUT /licenses/heartbeat": lambda _: (200, BEAT, {}),
            "DELETE /licenses/release": lambda _: (200, {"released": True}, {}),
        }
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                route = f"{self.command} {self.path.replace('/api/v1', '')}"
                outer.got.append((route, body, dict(self.headers)))
                how = outer.answers.get(route, lambda _: refusal(404, "NOT_FOUND"))
                status, answer, headers = how(body)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = respond

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def calls(self, route):
        return [body for one, body, _ in self.got if one == route]

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Case(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        gatehouse.log.setLevel("ERROR")
        self.addCleanup(gatehouse.log.setLevel, "NOTSET")

    def client(self, **told):
        given = {
            "license_key": "GH-PRO-0123456789AB-3A5F",
            "hardware_id": "laptop",
            "state_dir": self.directory,
            "handle_signals": False,
            "clock": lambda: NOW,
            "jitter": lambda: 0.5,
        }
        return LicenseClient(told.pop("url", self.server.url), **{**given, **told})

    def sign_in(self, expires_at="2026-03-01T11:00:00.000Z", **told):
        StateFile(self.directory, "auth.json").write(
            {
                "url": self.server.url,
                "access_token": "access-1",
                "refresh_token": "refresh-1",
                "expires_at": expires_at,
                "user": {"email": "ada@acme.example", "tenant_id": "ten_1", "plan": "PRO"},
                **told,
            }
        )


class LoopCase(Case):
    """The loop with a clock that stands: each wait is written down, and the last one ends it."""

    def loop(self, client, beats):
        waits = []

        def wait(delay):
            waits.append(delay)
            return len(waits) > beats

        with mock.patch.object(client._stop, "wait", wait):
            client.heartbeat_loop()
        return waits


class TestSeat(Case):
    def test_is_held_while_the_program_runs_and_given_back(self):
        with self.client() as client:
            self.assertEqual(client.session_id, "seat_1")
            self.assertTrue(client.entitled("sync:read"))
            self.assertFalse(client.entitled("sync:write"))
            self.assertEqual(client.heartbeat()["seats"], {"used": 1, "max": 1})
        client.shutdown()
        self.assertEqual(self.server.calls("DELETE /licenses/release"), [{"session_id": "seat_1"}])
        self.assertEqual(
            self.server.calls("POST /licenses/acquire"),
            [{"hardware_id": "laptop", "license_key": "GH-PRO-0123456789AB-3A5F"}],
        )

    def test_that_is_taken_is_said_to_be(self):
        full = refusal(409, "SEATS_EXHAUSTED", {"Retry-After": "60"}, used=1, max=1)
        self.server.answers["POST /licenses/acquire"] = lambda _: full
        with self.assertRaises(SeatLost) as caught:
            self.client().startup()
        self.assertEqual((caught.exception.retry_after, caught.exception.details["max"]), (60.0, 1))
        self.assertEqual(os.listdir(self.directory), [])

    def test_is_waited_for_as_told(self):
        queue = {"position": 1}
        full = refusal(409, "SEATS_EXHAUSTED", {"Retry-After": "20"}, used=1, max=1, queue=queue)
        answers = iter([full, full, (200, SEAT, {})])
        self.server.answers["POST /licenses/acquire"] = lambda _: next(answers)
        client = self.client()
        with mock.patch.object(client._stop, "wait") as wait:
            client.acquire_license(wait=600)
        self.assertEqual([call.args[0] for call in wait.call_args_list], [21.0, 21.0])
        self.assertEqual(len(self.server.calls("POST /licenses/acquire")), 3)

    def test_is_shared_by_the_programs_of_a_machine(self):
        one, two = self.client(), self.client()
        one.startup()
        two.startup()
        one.shutdown()
        self.assertEqual(self.server.calls("DELETE /licenses/release"), [])
        two.shutdown()
        self.assertEqual(len(self.server.calls("DELETE /licenses/release")), 1)

    def test_keeps_its_lease_for_others(self):
        self.server.answers["POST /licenses/acquire"] = lambda _: (200, {**SEAT, "lease": "a.b.c"}, {})
        with self.client() as client:
            self.assertEqual(client.lease, "a.b.c")
            self.assertEqual(StateFile(self.directory, "seat.json").read()["lease"], "a.b.c")

    def test_does_not_follow_a_redirect_with_its_key(self):
        elsewhere = (307, {}, {"Location": f"{self.server.url}/elsewhere"})
        self.server.answers["POST /licenses/acquire"] = lambda _: elsewhere
        with self.assertRaises(GatehouseError):
            self.client().acquire_license()
        self.assertEqual(len(self.server.got), 1)


class TestLoop(LoopCase):
    def test_beats_at_the_told_pace(self):
        client = self.client()
        client.acquire_license()
        self.assertEqual(self.loop(client, 3), [142.5] * 4)
        self.assertEqual(self.server.calls("PUT /licenses/heartbeat"), [{"session_id": "seat_1"}] * 3)

    def test_a_failure_is_a_warning_and_the_next_try_comes_soon(self):
        for how in (
            lambda _: refusal(500, "INTERNAL"),
            lambda _: (502, b"<h1>Gateway</h1>", {}),
            lambda _: (200, b"<h1>Welcome</h1>", {}),
            lambda _: (410, b"gone", {}),
            lambda _: refusal(429, "RATE_LIMITED", {"Retry-After": "1"}),
            lambda _: (200, b"x" * 2_000_000, {}),
        ):
            client = self.client()
            client.acquire_license()
            self.server.answers["PUT /licenses/heartbeat"] = how
            with self.assertLogs("gatehouse", "WARNING"):
                waits = self.loop(client, 4)
            self.assertFalse(client.seat_lost)
            self.assertTrue(client.entitled("sync:read"))
            self.assertLess(max(waits[1:]), 150)

    def test_nobody_there_is_asked_ever_less_but_never_too_late(self):
        client = self.client(url="http://127.0.0.1:9")
        client.session_id = "seat_1"
        with self.assertLogs("gatehouse", "WARNING"):
            waits = self.loop(client, 8)
        self.assertEqual(waits[1:4], [4.375, 8.75, 17.5])
        self.assertLessEqual(max(waits), 150)

    def test_an_answer_that_breaks_off_or_is_no_http_is_none(self):
        # They came through as errors of http.client, which startup() does not expect.
        chunked = b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"
        for said in (b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\n" + chunked, b"HTTP/1.1 503 Away\r\n" + chunked):
            with socket.create_server(("127.0.0.1", 0)) as other:
                threading.Thread(target=self.say, args=(other, said), daemon=True).start()
                with self.assertRaises(GatehouseError) as caught:
                    self.client(url=f"http://127.0.0.1:{other.getsockname()[1]}").acquire_license()
                self.assertTrue(caught.exception.is_unreachable)

    @staticmethod
    def say(server, said):
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass

    def test_a_seat_of_somebody_else_is_lost_and_asked_for_again(self):
        lost = []
        client = self.client(on_seat_lost=lost.append)
        client.acquire_license()
        full = refusal(409, "SEATS_EXHAUSTED", {"Retry-After": "40"}, used=1, max=1)
        self.server.answers["PUT /licenses/heartbeat"] = lambda _: full
        answers = iter([full, (200, {**SEAT, "session_id": "seat_2"}, {})])
        self.server.answers["POST /licenses/acquire"] = lambda _: next(answers)
        waits = self.loop(client, 2)
        self.assertEqual(([one.code for one in lost], client.seat_lost), (["SEATS_EXHAUSTED"], True))
        self.assertEqual(waits[1], 40.0)
        self.loop(client, 1)
        self.assertEqual((client.session_id, client.seat_lost), ("seat_2", False))

    def test_a_seat_that_is_gone_is_replaced_at_once(self):
        lost = []
        client = self.client(on_seat_lost=lost.append)
        client.acquire_license()
        self.server.answers["PUT /licenses/heartbeat"] = lambda _: refusal(410, "SEAT_GONE")
        self.server.answers["POST /licenses/acquire"] = lambda _: (200, {**SEAT, "session_id": "seat_2"}, {})
        self.loop(client, 1)
        self.assertEqual((client.session_id, client.seat_lost, len(lost)), ("seat_2", False, 1))

    def test_a_401_is_nobodys_word_and_another_seat_is_asked_for(self):
        client = self.client()
        client.acquire_license()
        self.server.answers["PUT /licenses/heartbeat"] = lambda _: refusal(401, "UNAUTHENTICATED")
        self.server.answers["POST /licenses/acquire"] = lambda _: (200, {**SEAT, "session_id": "seat_2"}, {})
        self.loop(client, 1)
        self.assertEqual((client.session_id, client.seat_lost), ("seat_2", False))

    def test_does_not_beat_where_the_mode_is_none(self):
        lease = "e30.eyJtb2RlIjoibm9uZSJ9.c2ln"  # {"mode":"none"}
        self.server.answers["POST /licenses/acquire"] = lambda _: (200, {**SEAT, "lease": lease}, {})
        client = self.client()
        client.acquire_license()
        self.loop(client, 3)
        self.assertEqual(self.server.calls("PUT /licenses/heartbeat"), [])

    def test_a_server_that_is_away_at_the_start_does_not_stop_the_program(self):
        self.server.answers["POST /licenses/acquire"] = lambda _: refusal(503, "SEATS_UNAVAILABLE")
        client = self.client()
        with self.assertLogs("gatehouse", "WARNING"):
            client.startup()
        client.shutdown()
        self.server.answers["POST /licenses/acquire"] = lambda _: (200, SEAT, {})
        self.loop(client, 1)
        self.assertEqual(client.session_id, "seat_1")


class TestUsage(Case):
    def setUp(self):
        super().setUp()
        used = {"meter": "commands", "limit": 10, "used": 1, "remaining": 9, "resets_at": None}
        self.server.answers["POST /licenses/usage"] = lambda _: (200, used, {})

    def used_by(self, client):
        client.record_usage("commands")
        use = self.server.calls("POST /licenses/usage")[-1]
        return {name: value for name, value in use.items() if name not in ("meter", "amount", "idempotency_key")}

    def test_is_the_seats(self):
        with self.client() as client:
            self.assertEqual(self.used_by(client), {"session_id": "seat_1"})

    def test_is_the_keys_where_no_seat_is_kept(self):
        key = {"license_key": "GH-PRO-0123456789AB-3A5F"}
        self.assertEqual(self.used_by(self.client()), key)
        lease = "e30.eyJtb2RlIjoibm9uZSJ9.c2ln"  # {"mode":"none"}: its seat lapses, and was named all the same.
        self.server.answers["POST /licenses/acquire"] = lambda _: (200, {**SEAT, "lease": lease}, {})
        with self.client() as client:
            self.assertEqual(self.used_by(client), key)


class TestSignIn(Case):
    def setUp(self):
        super().setUp()
        fresh = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 3600}
        self.server.answers["POST /auth/refresh"] = lambda _: (200, fresh, {})

    def bearers(self, route="POST /licenses/acquire"):
        return [headers.get("Authorization") for one, _, headers in self.server.got if one == route]

    def test_an_expired_token_is_refreshed_before_use_and_saved(self):
        self.sign_in()
        self.client(license_key=None).acquire_license()
        self.assertEqual(self.bearers(), ["Bearer access-2"])
        kept = StateFile(self.directory, "auth.json").read()
        self.assertEqual(kept["refresh_token"], "refresh-2")
        self.assertEqual(kept["expires_at"], "2026-03-01T13:00:00.000Z")
        self.assertEqual(kept["user"]["email"], "ada@acme.example")

    def test_many_threads_refresh_once(self):
        self.sign_in()
        threads = [threading.Thread(target=self.client(license_key=None).acquire_license) for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual(self.bearers(), ["Bearer access-2"] * 6)
        self.assertEqual(len(self.server.calls("POST /auth/refresh")), 1)

    def test_a_token_that_is_refused_early_is_renewed_once(self):
        self.sign_in("2026-03-01T13:00:00.000Z")
        answers = iter([refusal(401, "UNAUTHENTICATED"), (200, SEAT, {})])
        self.server.answers["POST /licenses/acquire"] = lambda _: next(answers)
        self.client(license_key=None).acquire_license()
        self.assertEqual(self.bearers(), ["Bearer access-1", "Bearer access-2"])

    def test_nobody_is_asked_to_sign_in_or_refused(self):
        with self.assertRaises(NotSignedIn):
            self.client(license_key=None).startup()
        signed_in = {
            "access_token": "access-9",
            "refresh_token": "refresh-9",
            "expires_in": 3600,
            "user": {"email": "ada@acme.example"},
            "tenant": {"id": "ten_1", "plan": "PRO"},
        }
        with self.client(license_key=None, login=lambda: signed_in):
            self.assertEqual(self.bearers(), ["Bearer access-9"])

    def test_tokens_of_another_server_are_not_there_and_stay(self):
        self.sign_in(url="https://other.example")
        before = StateFile(self.directory, "auth.json").read()
        with self.assertRaises(NotSignedIn):
            self.client(license_key=None).startup()
        self.client(license_key=None).acquire_license()
        self.assertEqual(self.bearers(), [None])
        self.assertEqual(self.server.calls("POST /auth/refresh"), [])
        self.assertEqual(StateFile(self.directory, "auth.json").read(), before)

    def test_tokens_without_a_server_are_good_for_their_issuer(self):
        def issued_by(url):
            payload = base64.urlsafe_b64encode(json.dumps({"iss": url}).encode()).decode().rstrip("=")
            return f"e30.{payload}.sig"

        for access_token in ("access-1", "a.b.c", issued_by("https://other.example")):
            self.sign_in(url=None, access_token=access_token)
            self.assertIsNone(self.client(license_key=None)._bearer())
        self.sign_in(url=None, access_token=issued_by(self.server.url))
        self.assertEqual(self.client(license_key=None)._bearer(), "access-2")
        self.assertEqual(StateFile(self.directory, "auth.json").read()["url"], self.server.url)

    def test_an_address_is_written_as_the_other_clients_write_it(self):
        for url in ("https://A.example:443/", "https://a.example"):
            self.assertEqual(gatehouse._server_url(url), "https://a.example")
        self.assertEqual(gatehouse._server_url("http://[::1]:8080/gate/"), "http://[::1]:8080/gate")

    def test_a_request_is_not_made_again_as_somebody_else(self):
        self.sign_in("2026-03-01T13:00:00.000Z")

        def answer(_):
            bob = {"email": "bob@acme.example", "tenant_id": "ten_1", "plan": "PRO"}
            self.sign_in("2026-03-01T13:00:00.000Z", access_token="access-9", user=bob)
            return refusal(401, "UNAUTHENTICATED")

        self.server.answers["POST /licenses/acquire"] = answer
        with self.assertRaises(GatehouseError):
            self.client(license_key=None).acquire_license()
        self.assertEqual(self.bearers(), ["Bearer access-1"])

    def test_a_refresh_that_a_sign_out_overtakes_comes_to_nothing(self):
        self.sign_in()

        def answer(_):
            StateFile(self.directory, "auth.json").write(None)
            return 200, {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 3600}, {}

        self.server.answers["POST /auth/refresh"] = answer
        self.assertIsNone(self.client(license_key=None)._bearer())
        self.assertIsNone(StateFile(self.directory, "auth.json").read())
        self.assertEqual(self.server.calls("POST /auth/logout"), [{"refresh_token": "refresh-2"}])

    def test_a_token_that_cannot_be_saved_is_not_refreshed_and_the_call_is_refused(self):
        # It was an OSError, which startup() does not expect.
        self.sign_in()
        lock = os.path.join(self.directory, "auth.json.lock")
        os.mkdir(lock)
        os.utime(lock, (0, 0))
        self.server.answers["POST /licenses/acquire"] = lambda _: refusal(401, "UNAUTHENTICATED")
        with self.assertRaises(GatehouseError) as caught:
            self.client(license_key=None).startup()
        self.assertEqual((caught.exception.status, self.bearers()), (401, ["Bearer access-1"]))
        self.assertEqual(self.server.calls("POST /auth/refresh"), [])

    def test_a_proxy_signs_nobody_out(self):
        self.sign_in()
        self.server.answers["POST /auth/refresh"] = lambda _: (401, b"proxy", {})
        with suppress(GatehouseError):
            self.client(license_key=None).acquire_license()
        self.assertEqual(StateFile(self.directory, "auth.json").read()["access_token"], "access-1")


class TestState(Case):
    def test_files_are_their_owners_alone_and_whole(self):
        with self.client():
            names = sorted(os.listdir(self.directory))
            self.assertEqual(names, ["holders.json", "seat.json"])
            for name in names:
                mode = stat.S_IMODE(os.stat(os.path.join(self.directory, name)).st_mode)
                self.assertEqual(mode, 0o600)

    def test_what_cannot_be_read_counts_as_absent(self):
        with open(os.path.join(self.directory, "auth.json"), "w", encoding="utf-8") as file:
            file.write("{half")
        with self.assertRaises(NotSignedIn):
            self.client(license_key=None).startup()

    def test_a_lock_of_the_dead_is_taken_over(self):
        file = StateFile(self.directory, "seat.json")
        mark = {"pid": 2**22 + 1, "host": gatehouse.socket.gethostname(), "token": "x"}
        with open(f"{file.path}.lock", "w", encoding="utf-8") as lock:
            json.dump(mark, lock)
        with file.locked(patience=1):
            pass
        self.assertEqual(os.listdir(self.directory), [])

    def test_a_lock_of_the_living_is_waited_for(self):
        file = StateFile(self.directory, "seat.json")
        with file.locked():
            with self.assertRaises(TimeoutError):
                with file.locked(patience=0.05):
                    pass

    def test_the_hardware_id_is_stable_and_of_the_application(self):
        one = gatehouse.machine_hardware_id("acme", self.directory)
        self.assertRegex(one, r"^[0-9a-f]{64}$")
        self.assertEqual(gatehouse.machine_hardware_id("acme", self.directory), one)
        self.assertNotEqual(gatehouse.machine_hardware_id("other", self.directory), one)
        with mock.patch.object(gatehouse, "_machine_name", lambda: None):
            kept = gatehouse.machine_hardware_id("acme", self.directory)
            self.assertEqual(gatehouse.machine_hardware_id("acme", self.directory), kept)

    def test_a_directory_that_cannot_be_written_costs_a_warning(self):
        file = os.path.join(self.directory, "a-file")
        open(file, "w", encoding="utf-8").close()
        with self.assertLogs("gatehouse", "WARNING"):
            with self.client(state_dir=os.path.join(file, "state")) as client:
                self.assertEqual(client.session_id, "seat_1")
        self.assertEqual(self.server.calls("DELETE /licenses/release"), [{"session_id": "seat_1"}])

    def test_no_address_is_refused(self):
        for url in ("ftp://x", "licences.example", "https://"):
            with self.assertRaises(ValueError):
                self.client(url=url)

    def test_bare_http_to_another_machine_is_refused_unless_it_is_allowed(self):
        for url in ("http://licences.example", "http://127.0.0.1.example", "http://10.0.0.1:8080/gate"):
            with self.assertRaisesRegex(ValueError, "in the clear"):
                self.client(url=url)
            self.assertEqual(self.client(url=url, allow_http=True).url, url)
        for url in ("http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080", "https://a.example"):
            self.assertEqual(self.client(url=url).url, url)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + (sys.argv[1:] or ["-v"]))
