"""Runs a Python program under a licence of Gatehouse. Standard library only, Python 3.9 or later.

    from gatehouse import LicenseClient

    with LicenseClient("https://licences.example", license_key=KEY, application="acme") as licence:
        work()

The same in the four steps it is made of::

    licence = LicenseClient("https://licences.example", license_key=KEY)
    licence.startup()        # signs in if needed, takes a seat, begins to beat in a thread
    ...
    licence.shutdown()       # gives the seat back

A heartbeat that fails is a warning in the log ``gatehouse``, and the program goes on. Only the server's own word that the
seat is gone (410 ``SEAT_GONE``, 409 ``SEATS_EXHAUSTED`` or ``DEVICE_IN_USE``) sets ``seat_lost`` and calls
``on_seat_lost``; the client then asks for another seat at the told pace.

Leases are NOT verified here: they are signed with Ed25519, which Python's standard library does not have. The lease is
kept as it came (``licence.lease``, and in the state file) for a program that can check it. So this client knows nothing
of grace and Free: while the server is away it goes on, and what that means is up to the program.

State lies in the directory that the other clients use, and is shared with them: ``auth.json`` (who is signed in),
``seat.json`` (the seat and the lease), ``holders.json`` (the programs that share this machine's seat). Files are their
owner's alone (0600), written whole, and changed by one process at a time.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import hashlib
import http.client
import json
import logging
import os
import random
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timezone
from typing import Any, Callable, Iterator, Optional

__all__ = ["GatehouseError", "LicenseClient", "NotSignedIn", "SeatLost", "save_sign_in", "state_directory"]

log = logging.getLogger("gatehouse")

#: No answer is longer, in bytes.
MAX_ANSWER = 1_048_576
#: No state file is longer, in bytes.
MAX_STATE = 1_048_576
#: What the contract tells when no server has told anything yet (C48), in seconds.
DEFAULT_INTERVAL = 150.0
MAX_INTERVAL = 86_400.0
#: After a failure the first try comes this soon, in seconds; each further one waits twice as long.
FIRST_RETRY = 5.0
#: A token is refreshed this long before it ends, in seconds: it has to last for the call it is meant for.
EARLY = 30.0
#: A lock that is older is nobody's, in seconds. Tokens are refreshed under one.
STALE_LOCK = 30.0
#: Giving a seat back may take this long, in seconds: whoever sent SIGTERM does not wait for ever.
CLOSE_TIMEOUT = 3.0


class GatehouseError(Exception):
    """A call that did not succeed.

    ``status`` is None when there was no answer, or none of a Gatehouse. ``code`` is for programs: docs/errors.md, or
    ``UNREACHABLE``, ``BAD_ANSWER``, ``NOT_SAVED``.
    """

    def __init__(
        self,
        status: Optional[int],
        code: str,
        message: str,
        trace_id: Optional[str] = None,
        details: Optional[dict] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.trace_id = trace_id
        self.details = details or {}
        self.retry_after = retry_after

    @property
    def is_unreachable(self) -> bool:
        """Nothing was decided: no answer, a failure of the server, or too many calls (S1-45)."""
        if self.code == "QUOTA_EXHAUSTED":
            return False
        return self.status is None or self.status >= 500 or self.status in (408, 429)


class SeatLost(GatehouseError):
    """The seat is somebody else's, or was taken away: 409 ``SEATS_EXHAUSTED``, ``DEVICE_IN_USE`` or 410 ``SEAT_GONE``."""


class NotSignedIn(GatehouseError):
    """There is neither a licence key nor somebody signed in."""

    def __init__(self) -> None:
        super().__init__(401, "NOT_SIGNED_IN", "There is no licence key, and nobody is signed in.")


def state_directory(application: str = "gatehouse") -> str:
    """Where clients keep their state: as the XDG base directories say, or what macOS and Windows have instead."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", application):
        raise ValueError(f"{application!r} cannot name a directory.")
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Application Support")
    else:
        chosen = os.environ.get("XDG_STATE_HOME", "")
        base = chosen if os.path.isabs(chosen) else os.path.join(home, ".local", "state")
    return os.path.join(base, application)


class StateFile:
    """One JSON object in a file that is its owner's alone, written whole, changed by one process at a time."""

    def __init__(self, directory: str, name: str) -> None:
        self.path = os.path.join(directory, name)

    def read(self) -> Optional[dict]:
        """The object; None when there is none, or nothing that can be understood."""
        try:
            with open(self.path, encoding="utf-8") as file:
                value = json.loads(file.read(MAX_STATE))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            log.warning("%s cannot be read and counts as absent.", self.path)
            return None
        return value if isinstance(value, dict) else None

    def write(self, value: Optional[dict]) -> None:
        """Replaces the file; a reader, and a machine that loses power, sees the old text or the new one."""
        if value is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
            return
        directory, name = os.path.split(self.path)
        os.makedirs(directory, mode=0o700, exist_ok=True)
        # mkstemp makes it 0600 from the first byte on.
        handle, temporary = tempfile.mkstemp(prefix=f"{name}.", suffix=".tmp", dir=directory)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps(value, indent=2) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    @contextlib.contextmanager
    def locked(self, patience: float = 40.0) -> Iterator[None]:
        """Alone among all processes, those of the other clients included: they use the same lock file."""
        lock = f"{self.path}.lock"
        os.makedirs(os.path.dirname(lock), mode=0o700, exist_ok=True)
        mark = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "token": str(uuid.uuid4())})
        deadline = time.monotonic() + patience
        while not _create(lock, mark):
            if _remove_stale(lock):
                continue
            if time.monotonic() > deadline:
                raise TimeoutError(f"Another program holds {lock}. If none is running, delete that file.")
            time.sleep(0.005 + random.random() * 0.02)
        try:
            yield
        finally:
            if _read_text(lock) == mark:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(lock)


def save_sign_in(state_dir: str, answer: dict, now: Optional[float] = None, url: Optional[str] = None) -> None:
    """Keeps what ``/auth/login`` or ``/auth/register`` answered in ``auth.json`` (S1-57).

    ``url``: the server that answered, the only one that gets the tokens; when left out, the access token's issuer.
    """
    file = StateFile(state_dir, "auth.json")
    with file.locked():
        file.write(
            {
                **({} if url is None else {"url": _server_url(url)}),
                "access_token": answer["access_token"],
                "refresh_token": answer["refresh_token"],
                "expires_at": _instant((time.time() if now is None else now) + answer["expires_in"]),
                "user": {
                    **({"id": answer["user"]["id"]} if "id" in answer["user"] else {}),
                    "email": answer["user"]["email"],
                    "tenant_id": answer["tenant"]["id"],
                    "plan": answer["tenant"]["plan"],
                },
            }
        )


def _server_url(url: str) -> str:
    """The address as the other clients write it: no slash at its end, no port that goes without saying."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise ValueError(f"{url!r} is no address of a server (https://...).")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port is None or parts.port == usual else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _secure_url(url: str, allow_http: bool) -> str:
    """The same, of a server that may get passwords, tokens and licence keys: over TLS, or on this very machine."""
    url = _server_url(url)
    parts = urllib.parse.urlsplit(url)
    is_loopback = re.fullmatch(r"localhost|::1|127(\.\d{1,3}){3}", parts.hostname or "") is not None
    if parts.scheme != "https" and not is_loopback and not allow_http:
        raise ValueError(f"{url} would get tokens and keys in the clear: use https, or say allow_http=True.")
    return url


def _is_of_server(kept: dict, server: str) -> bool:
    """Whether a server gave these tokens. Where that was not kept, the access token names its issuer."""
    if kept.get("url") is not None:
        return kept["url"] == server
    try:
        payload = str(kept.get("access_token")).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        issuer = urllib.parse.urlsplit(claims["iss"])
    except (LookupError, TypeError, ValueError, AttributeError):
        return False
    asked = urllib.parse.urlsplit(server)
    return (issuer.scheme, issuer.hostname) == (asked.scheme, asked.hostname)


def _user(kept: dict) -> dict:
    user = kept.get("user")
    return user if isinstance(user, dict) else {}


def _is_same_person(one: dict, other: dict) -> bool:
    if one.get("tenant_id") != other.get("tenant_id"):
        return False
    name = "id" if one.get("id") and other.get("id") else "email"
    return one.get(name) == other.get(name)


class LicenseClient:
    """Holds a seat of a licence while a program runs.

    ``url``: where the server is. ``license_key``: by key alone, where the licence allows that; without one, by whoever is
    signed in (``auth.json``). ``license_id``: with a bearer, another licence of its tenant. ``application`` names the
    state directory and enters the hardware id. ``login``: called when nobody is signed in; gives what ``/auth/login``
    answered. ``on_seat_lost``: called with the SeatLost. ``timeout``: of every call, in seconds. ``allow_http``: lets keys
    and tokens go over bare HTTP to another machine, as in a closed network. ``max_interval``: beats at least this often,
    in seconds, whatever the server tells. ``handle_signals``: gives the seat back on SIGTERM, unless the program has a
    handler of its own.
    """

    def __init__(
        self,
        url: str,
        license_key: Optional[str] = None,
        *,
        license_id: Optional[str] = None,
        hardware_id: Optional[str] = None,
        application: str = "gatehouse",
        state_dir: Optional[str] = None,
        login: Optional[Callable[[], dict]] = None,
        on_seat_lost: Optional[Callable[[SeatLost], None]] = None,
        timeout: float = 10.0,
        allow_http: bool = False,
        max_interval: float = MAX_INTERVAL,
        handle_signals: bool = True,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.url = _secure_url(url, allow_http)
        self.license_key = license_key
        self.license_id = license_id
        self.state_dir = state_dir or state_directory(application)
        self.hardware_id = hardware_id or machine_hardware_id(application, self.state_dir)
        self.session_id: Optional[str] = None
        #: Epoch seconds, by the server's clock.
        self.expires_at: Optional[float] = None
        self.interval = DEFAULT_INTERVAL
        #: The licence as acquire told it: id, tier, entitlements. Not signed.
        self.license: dict = {}
        #: The signed lease as it came, unverified; None when the server gives none.
        self.lease: Optional[str] = None
        #: Somebody else has the seat, or it was taken away.
        self.seat_lost = False
        self._login = login
        self._on_seat_lost = on_seat_lost
        self._timeout = timeout
        self._max_interval = max_interval
        self._handle_signals = handle_signals
        self._clock = clock
        self._jitter = jitter
        self._auth = StateFile(self.state_dir, "auth.json")
        self._seat = StateFile(self.state_dir, "seat.json")
        self._holders = StateFile(self.state_dir, "holders.json")
        self._owners = threading.local()
        self._holder = str(uuid.uuid4())
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._is_started = False

    def __enter__(self) -> "LicenseClient":
        self.startup()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    # What a program calls.

    def startup(self, wait: float = 0.0) -> None:
        """Signs in if needed, takes a seat and begins to keep it (S1-55).

        ``wait``: how long to wait for a seat when all are taken, in seconds. Raises GatehouseError when there is none to
        be had; a server that is away is no such error: the heartbeats take a seat once it is back.
        """
        if self._is_started:
            return
        self._stop.clear()
        if self.license_key is None and self._bearer() is None:
            if self._login is None:
                raise NotSignedIn()
            save_sign_in(self.state_dir, self._login(), self._clock(), self.url)
        self._join()
        self._is_started = True
        atexit.register(self.shutdown)
        try:
            self.acquire_license(wait)
        except GatehouseError as error:
            if not error.is_unreachable:
                self.shutdown()
                raise
            log.warning("The licence server does not answer; going on. %s", error)
        self._catch_signals()
        self._thread = threading.Thread(target=self.heartbeat_loop, name="gatehouse-heartbeat", daemon=True)
        self._thread.start()

    def acquire_license(self, wait: float = 0.0) -> dict:
        """Takes a seat; the device that has one gets it again. Gives the server's answer.

        ``wait``: how long to go on asking as the server tells while every seat is taken, in seconds. Raises SeatLost when
        all are taken, GatehouseError for every other refusal and when nobody answers.
        """
        deadline = time.monotonic() + wait
        while True:
            body = {
                "hardware_id": self.hardware_id,
                "license_key": self.license_key,
                "license_id": self.license_id,
            }
            with_bearer = self.license_key is None
            try:
                answer = self._call("POST", "/licenses/acquire", body, with_bearer=with_bearer)
            except SeatLost as error:
                left = deadline - time.monotonic()
                if left <= 0 or self._stop.is_set():
                    raise
                pause = max(1.0, error.retry_after or FIRST_RETRY) * (1 + self._jitter() / 10)
                self._stop.wait(min(left, pause))
                continue
            with self._lock:
                self._hear(answer)
                self.session_id = _text(answer, "session_id")
                self.license = answer.get("license") or {}
                lease = answer.get("lease")
                self.lease = lease if isinstance(lease, str) else None
                self.seat_lost = False
            self._remember()
            return answer

    def heartbeat(self) -> dict:
        """Keeps the seat. Raises SeatLost when it is gone, GatehouseError for everything else; neither ends anything."""
        if self.session_id is None:
            raise GatehouseError(None, "NO_SEAT", "There is no seat to keep.")
        answer = self._call("PUT", "/licenses/heartbeat", {"session_id": self.session_id})
        with self._lock:
            self._hear(answer)
        return answer

    def heartbeat_loop(self) -> None:
        """Beats at the told pace until ``shutdown``; ``startup`` runs it in a thread. A failure is a warning (S1-45)."""
        failures = 0
        delay = self._beat_in() if self.session_id else FIRST_RETRY
        while not self._stop.wait(delay):
            try:
                self._keep()
                if failures:
                    log.info("The licence server answers again.")
                failures, delay = 0, self._beat_in()
            except SeatLost as error:
                failures += 1
                delay = max(error.retry_after or 0.0, self._retry_in(failures))
                self._lose(error)
            except GatehouseError as error:
                failures += 1
                retry = self._retry_in(failures) if error.is_unreachable else self._beat_in()
                delay = max(min(error.retry_after or 0.0, 3600.0), retry)
                log.warning("A heartbeat failed; going on. %s", error)
            except Exception:  # A fault of ours must not end the heartbeats, and with them the seat.
                failures += 1
                delay = self._beat_in()
                log.exception("A heartbeat failed; going on.")

    def shutdown(self) -> None:
        """Ends the heartbeats and gives the seat back, unless another program of this machine uses it. Never raises."""
        self._stop.set()
        atexit.unregister(self.shutdown)
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_TIMEOUT)
        if not self._is_started:
            return
        self._is_started = False
        try:
            self._leave()
        except Exception as error:
            log.warning("The seat was not given back and lapses by itself: %s", error)

    def record_usage(self, meter: str, amount: int = 1, idempotency_key: Optional[str] = None) -> dict:
        """Counts use of a meter: ``{meter, limit, used, remaining, resets_at}``.

        Raises GatehouseError 429 ``QUOTA_EXHAUSTED`` with the same in ``details``. Repeat a call that got no answer with
        the same ``idempotency_key`` (a UUID), and it counts once.
        """
        body = {
            "meter": meter,
            "amount": amount,
            "idempotency_key": idempotency_key or str(uuid.uuid4()),
            **self._who_uses(),
        }
        return self._call("POST", "/licenses/usage", body, with_bearer=self.license_key is None)

    def entitled(self, entitlement: str) -> bool:
        """Whether the last answer named this entitlement. The server's word over TLS, not a signature: see above."""
        return not self.seat_lost and entitlement in (self.license.get("entitlements") or [])

    # Exchanges and what they mean.

    def _who_uses(self) -> dict:
        """A seat speaks for itself; where none is kept, the licence's key or its bearer does."""
        if self.session_id is not None and not self.seat_lost and _mode_of(self.lease) != "none":
            return {"session_id": self.session_id}
        return {"license_key": self.license_key} if self.license_key else {"license_id": self.license_id}

    def _keep(self) -> None:
        if self.session_id is None or self.seat_lost:
            self.acquire_license()
            return
        if _mode_of(self.lease) == "none":
            return
        try:
            self.heartbeat()
        except GatehouseError as error:
            # Its key was compromised, or it was freed: there may be another. What nobody signed loses nothing by itself.
            if error.status != 401 and error.code != "SEAT_GONE":
                raise
            if isinstance(error, SeatLost):
                self._lose(error)
            self.acquire_license()

    def _lose(self, error: SeatLost) -> None:
        if self.seat_lost:
            return
        self.seat_lost = True
        log.warning("The seat was lost; going on without. %s", error)
        if self._on_seat_lost is not None:
            self._on_seat_lost(error)

    def _hear(self, answer: dict) -> None:
        interval = answer.get("heartbeat_interval_seconds")
        if not isinstance(interval, (int, float)) or isinstance(interval, bool):
            raise GatehouseError(None, "BAD_ANSWER", "The answer has no heartbeat_interval_seconds.")
        self.interval = max(1.0, min(MAX_INTERVAL, self._max_interval, float(interval)))
        self.expires_at = _epoch(_text(answer, "expires_at"))

    def _remember(self) -> None:
        value = {
            "version": 1,
            "url": self.url,
            "session_id": self.session_id,
            "expires_at": None if self.expires_at is None else _instant(self.expires_at),
            "license": self.license,
            "lease": self.lease,
        }
        try:
            with self._seat.locked():
                self._seat.write(value)
        except OSError as error:
            log.warning("The seat could not be kept in %s: %s", self._seat.path, error)

    def _beat_in(self) -> float:
        return self.interval * (1 - self._jitter() / 10)

    def _retry_in(self, failures: int) -> float:
        doubled = FIRST_RETRY * 2 ** min(failures - 1, 16)
        return min(doubled, self.interval) * (1 - self._jitter() / 4)

    # Programs of this machine share its one seat: the last one to leave gives it back.

    def _others(self) -> list:
        known = (self._holders.read() or {}).get("holders")
        return [one for one in known or [] if isinstance(one, dict) and self._is_present(one)]

    def _is_present(self, holder: dict) -> bool:
        if holder.get("id") == self._holder:
            return False
        if holder.get("host") == socket.gethostname():
            return isinstance(holder.get("pid"), int) and _is_alive(holder["pid"])
        try:
            return abs(self._clock() - _epoch(str(holder.get("since")))) < 86_400
        except GatehouseError:
            return False

    def _join(self) -> None:
        me = {
            "id": self._holder,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": _instant(self._clock()),
        }
        try:
            with self._holders.locked():
                self._holders.write({"version": 1, "holders": [*self._others(), me]})
        except OSError as error:
            log.warning("%s could not be written: %s", self._holders.path, error)

    def _leave(self) -> None:
        try:
            with self._holders.locked():
                others = self._others()
                if not others and self.session_id is not None:
                    self._release()
                self._holders.write({"version": 1, "holders": others} if others else None)
        except OSError as error:
            log.warning("%s could not be written: %s", self._holders.path, error)
            if self.session_id is not None:
                self._release()

    def _release(self) -> None:
        try:
            body = {"session_id": self.session_id}
            self._call("DELETE", "/licenses/release", body, timeout=CLOSE_TIMEOUT)
        except GatehouseError as error:
            if error.is_unreachable:
                log.warning("The seat was not given back and lapses by itself: %s", error)
                return
        self.session_id = None
        self.expires_at = None
        self._remember()

    # HTTP.

    def _call(
        self,
        method: str,
        path: str,
        body: Optional[dict] = None,
        *,
        with_bearer: bool = False,
        timeout: Optional[float] = None,
    ) -> dict:
        bearer = self._bearer() if with_bearer else None
        try:
            return self._exchange(method, path, body, bearer, timeout)
        except GatehouseError as error:
            renewed = self._renew(bearer) if bearer and error.status == 401 else None
            if not renewed or renewed == bearer:
                raise
            return self._exchange(method, path, body, renewed, timeout)

    def _exchange(
        self, method: str, path: str, body: Optional[dict], bearer: Optional[str], timeout: Optional[float]
    ) -> dict:
        content = {name: value for name, value in (body or {}).items() if value is not None}
        headers = {"Accept": "application/json", "User-Agent": "gatehouse-client-python"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}",
            data=None if body is None else json.dumps(content).encode(),
            headers=headers,
            method=method,
        )
        try:
            with _opener.open(request, timeout=timeout or self._timeout) as response:
                return _answer(response.read(MAX_ANSWER + 1))
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise GatehouseError(None, "UNREACHABLE", f"{self.url} cannot be reached: {error}") from error

    def _kept(self) -> Optional[dict]:
        """Who is signed in at this server; another one's tokens are not there, and stay."""
        kept = self._auth.read()
        return kept if kept is not None and _is_of_server(kept, self.url) else None

    def _bearer(self) -> Optional[str]:
        kept = self._kept()
        if kept is None:
            return None
        try:
            is_good = _epoch(str(kept.get("expires_at"))) - self._clock() > EARLY
        except GatehouseError:
            is_good = False
        token = kept.get("access_token")
        if not isinstance(token, str):
            return None
        self._owners.last = (token, _user(kept))
        if is_good:
            return token
        try:
            return self._refresh(token)
        except GatehouseError as error:
            # Refused: nobody is signed in any more. No answer: the call itself will find out.
            return None if error.status == 401 else token

    def _renew(self, refused: str) -> Optional[str]:
        try:
            return self._refresh(refused)
        except GatehouseError:
            return None

    def _refresh(self, old: str) -> Optional[str]:
        """Refreshed by one process, saved before it is used (S1-58); the next one finds what that has saved."""
        try:
            with self._auth.locked():
                return self._refresh_alone(old)
        except OSError as error:  # TimeoutError is one.
            raise GatehouseError(None, "NOT_SAVED", f"{self._auth.path} cannot be changed: {error}") from error

    def _refresh_alone(self, old: str) -> Optional[str]:
        used, owner = getattr(self._owners, "last", (None, {}))
        kept = self._kept()
        if kept is None:
            return None
        if kept.get("access_token") != old:
            # Who signed in meanwhile has not asked for this.
            is_theirs = used != old or not _is_same_person(owner, _user(kept))
            return None if is_theirs else kept.get("access_token")
        answer = self._exchange(
            "POST", "/auth/refresh", {"refresh_token": kept.get("refresh_token")}, None, None
        )
        if (self._kept() or {}).get("refresh_token") != kept.get("refresh_token"):
            # Somebody signed out meanwhile, without waiting for us.
            self._discard(answer)
            return None
        token = _text(answer, "access_token")
        expires_in = answer.get("expires_in")
        if not isinstance(expires_in, int):
            raise GatehouseError(None, "BAD_ANSWER", "The answer has no expires_in.")
        kept.update(
            access_token=token,
            refresh_token=_text(answer, "refresh_token"),
            expires_at=_instant(self._clock() + expires_in),
            url=self.url,
        )
        self._auth.write(kept)
        self._owners.last = (token, _user(kept))
        return token

    def _discard(self, answer: dict) -> None:
        with contextlib.suppress(GatehouseError):
            body = {"refresh_token": _text(answer, "refresh_token")}
            self._exchange("POST", "/auth/logout", body, None, CLOSE_TIMEOUT)

    def _catch_signals(self) -> None:
        """SIGTERM would end the program without a word. A program that handles it itself goes on doing so."""
        is_main = threading.current_thread() is threading.main_thread()
        if not self._handle_signals or not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            return

        def end(number: int, _: Any) -> None:
            self.shutdown()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

        signal.signal(signal.SIGTERM, end)


def machine_hardware_id(application: str, state_dir: str) -> str:
    """What this machine is called to the server, the same as the other clients call it.

    Stable, different for every application, telling nothing of the machine. Where the system has no name of its own, as
    in most containers, a random one is kept in ``device.id`` of the state directory.
    """
    name = _machine_name() or _random_name(state_dir)
    return hashlib.sha256(f"gatehouse-hardware-v1\0{application}\0{name}".encode()).hexdigest()


def _machine_name() -> Optional[str]:
    if sys.platform == "darwin":
        said = _run(["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"])
        found = re.search(r'"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"', said)
        return found.group(1).lower() if found else None
    if sys.platform == "win32":
        key = r"HKLM\SOFTWARE\Microsoft\Cryptography"
        said = _run(["reg.exe", "query", key, "/v", "MachineGuid", "/reg:64"])
        found = re.search(r"MachineGuid\s+REG_SZ\s+([0-9A-Fa-f-]{36})", said)
        return found.group(1).lower() if found else None
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        name = (_read_text(path) or "").strip()
        if re.fullmatch(r"[0-9a-f]{32}", name):
            return name
    return None


def _random_name(state_dir: str) -> str:
    path = os.path.join(state_dir, "device.id")
    file = StateFile(state_dir, "device.id")
    try:
        with file.locked():
            name = (_read_text(path) or "").strip()
            if not re.fullmatch(r"[0-9a-f]{64}", name):
                name = secrets.token_hex(32)
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "w", encoding="ascii") as out:
                    out.write(f"{name}\n")
            return name
    except OSError as error:
        log.warning("%s could not be kept; this run is a new device: %s", path, error)
        return secrets.token_hex(32)


def _run(command: list) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry keys and tokens to wherever somebody pointed it."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def _answer(body: bytes) -> dict:
    if len(body) > MAX_ANSWER:
        raise GatehouseError(None, "BAD_ANSWER", f"The answer is longer than {MAX_ANSWER} bytes.")
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise GatehouseError(None, "BAD_ANSWER", "What answered is no Gatehouse.")
    return answer


def _refusal(error: urllib.error.HTTPError) -> GatehouseError:
    told: Any = None
    with contextlib.suppress(GatehouseError, OSError, http.client.HTTPException):
        told = _answer(error.read(MAX_ANSWER + 1)).get("error")
    told = told if isinstance(told, dict) else {}
    # A status of something in between has no code of ours, so nothing is concluded from it.
    code = str(told.get("code") or f"HTTP_{error.code}")
    after = error.headers.get("Retry-After", "")
    details = told.get("details")
    is_lost = (error.code, code) in ((409, "SEATS_EXHAUSTED"), (409, "DEVICE_IN_USE"), (410, "SEAT_GONE"))
    return (SeatLost if is_lost else GatehouseError)(
        error.code,
        code,
        str(told.get("message") or f"The server answered with status {error.code}.")[:500],
        told.get("trace_id"),
        details if isinstance(details, dict) else None,
        float(after) if re.fullmatch(r"\d{1,9}", after) else None,
    )


def _text(answer: dict, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise GatehouseError(None, "BAD_ANSWER", f"The answer has no {name}.")
    return value


def _mode_of(lease: Optional[str]) -> Optional[str]:
    """The heartbeat mode that a lease names. Unverified: it only tells whether the server wants to hear of us."""
    try:
        payload = (lease or "").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims.get("mode")
    except (IndexError, ValueError, AttributeError):
        return None


def _instant(epoch: float) -> str:
    at = datetime.fromtimestamp(epoch, timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _epoch(text: str) -> float:
    try:
        return datetime.fromisoformat(re.sub(r"Z$", "+00:00", text)).timestamp()
    except ValueError:
        raise GatehouseError(None, "BAD_ANSWER", f"{text[:64]!r} is no instant.") from None


def _create(path: str, mark: str) -> bool:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except (FileExistsError, PermissionError) as error:
        if isinstance(error, PermissionError) and sys.platform != "win32":
            raise
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(mark)
    return True


def _remove_stale(lock: str) -> bool:
    """Removes a lock of nobody; under a second one, so that two that found it stale do not remove each other's new."""
    if not _is_stale(lock):
        return False
    guard = f"{lock}.takeover"
    if not _create(guard, ""):
        if _age_of(guard) > STALE_LOCK:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(guard)
        return False
    try:
        if _is_stale(lock):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(lock)
        return True
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(guard)


def _is_stale(lock: str) -> bool:
    age = _age_of(lock)
    if age > STALE_LOCK:
        return True
    mark = _read_text(lock)
    if mark is None:
        return False
    if mark == "":
        return age > 1.0
    try:
        owner = json.loads(mark)
        return owner["host"] == socket.gethostname() and not _is_alive(int(owner["pid"]))
    except (ValueError, KeyError, TypeError):
        return False


def _age_of(path: str) -> float:
    try:
        return max(0.0, time.time() - os.stat(path).st_mtime)
    except FileNotFoundError:
        return 0.0


def _read_text(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(4096)
    except (OSError, UnicodeDecodeError):
        return None


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        # os.kill ends a process there, whatever the signal.
        return str(pid) in _run(["tasklist", "/FI", f"PID eq {pid}", "/NH"])
    try:
        os.kill(pid, 0)
        return True
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
