"""What a signature costs: our V3 and V1 beside eth-account's, for one and the same order.

`python -m bench.signing [--rounds 5] [--signatures 500]`; see bench/README.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from statistics import median

from eth_account import Account
from eth_account.messages import encode_typed_data
from pydantic import SecretStr

from adapters.venues.aster.keys import key_from_hex
from adapters.venues.aster.signing import sign_v1, sign_v3

KEY = "0x4fd0a42218f3eae43a6ce26d22544e986139a01e5b34a62db53757ffca81bae1"
"""The public demo key of the venue's documents."""
USER = "0x63DD5aCC6b1aa0f563956C0e534DD30B6dcF7C4e"
ORDER = [
    ("symbol", "ASTERUSDT"),
    ("side", "BUY"),
    ("type", "LIMIT"),
    ("timeInForce", "GTC"),
    ("quantity", "20"),
    ("price", "0.5"),
    ("newClientOrderId", "pf-abcdefghijklmnopqrstuvwxyz-0123"),
    ("newOrderRespType", "RESULT"),
]


def v3() -> Callable[[int], object]:
    """Ours, from parameters to the text that goes out."""
    key = key_from_hex(SecretStr(KEY))
    return lambda nonce: sign_v3(key, ORDER, user=USER, nonce=nonce, chain_id=1666)


def v1() -> Callable[[int], object]:
    """The HMAC of older keys."""
    secret = SecretStr("2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9")
    return lambda now: sign_v1(secret, ORDER, timestamp_ms=now, receive_window_ms=5000)


def eth_account() -> Callable[[int], object]:
    """The same typed data through eth-account (which signs with coincurve as well)."""
    text = "&".join(f"{name}={value}" for name, value in ORDER)
    fields = [("name", "string"), ("version", "string"), ("chainId", "uint256")]
    fields.append(("verifyingContract", "address"))
    types = {
        "EIP712Domain": [{"name": name, "type": kind} for name, kind in fields],
        "Message": [{"name": "msg", "type": "string"}],
    }
    domain = {
        "name": "AsterSignTransaction",
        "version": "1",
        "chainId": 1666,
        "verifyingContract": "0x" + "0" * 40,
    }

    def sign(nonce: int) -> object:
        message = {"msg": f"{text}&nonce={nonce}&user={USER}"}
        whole = {"types": types, "primaryType": "Message", "domain": domain, "message": message}
        return Account.sign_message(encode_typed_data(full_message=whole), private_key=KEY)

    return sign


def milliseconds(sign: Callable[[int], object], signatures: int) -> list[float]:
    """CPU time of each of some signatures: what other processes do meanwhile is not counted."""
    found: list[float] = []
    for number in range(signatures):
        start = time.thread_time()
        sign(1_748_310_859_508_867 + number)
        found.append((time.thread_time() - start) * 1000)
    return sorted(found)


def main() -> int:
    """Print a table: the median over rounds of the median and of the 99th percentile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--signatures", type=int, default=500)
    asked = parser.parse_args()
    arms = {"ours V3": v3(), "ours V1": v1(), "eth-account V3": eth_account()}
    rounds = {name: [] for name in arms}
    for _ in range(asked.rounds):
        for name, sign in arms.items():
            rounds[name].append(milliseconds(sign, asked.signatures))
    print("| arm | CPU median | CPU p99 |\n|---|---|---|")
    for name, found in rounds.items():
        middle = median(each[len(each) // 2] for each in found)
        late = median(each[len(each) * 99 // 100] for each in found)
        print(f"| {name} | {middle:.3f} ms | {late:.3f} ms |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
