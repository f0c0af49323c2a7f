"""How far a host lies, however it is written."""

from __future__ import annotations

import pytest

from adapters.host_reach import Reach, reach_of


@pytest.mark.parametrize(
    ("reach", "hosts"),
    [
        (Reach.LOOPBACK, ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "127.1",
                          "2130706433", "0x7f000001", "0177.0.0.1", "::ffff:127.0.0.1"]),
        (Reach.PRIVATE, ["10.0.0.5", "172.16.0.1", "192.168.1.20", "100.64.0.1", "fd12::1", "10.5",
                         "167772165", "0xa.0.0.5", "::ffff:10.0.0.5", "64:ff9b::a00:5", "2002:a00:5::1",
                         "10.0.0.5.", "nas", "ollama.local", "GPU.LAN", "llm.corp.internal"]),
        (Reach.WORLD, ["openrouter.ai", "api.openai.com", "1.1.1.1", "2606:4700::1111",
                       "localhost.evil.com", "10.0.0.5.nip.io", "0x.example.com"]),
        (Reach.FORBIDDEN, ["169.254.169.254", "2852039166", "0xa9fea9fe", "169.254.0.1", "fe80::1",
                           "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254",
                           "100.100.100.200", "168.63.129.16", "metadata.google.internal",
                           "METADATA.google.internal.", "metadata", "instance-data.ec2.internal",
                           "0.0.0.0", "::", "0", "224.0.0.1", "ff02::1", "255.255.255.255", "",
                           "999.1.1.1", "1.2.3.4.5", "fe80::1%eth0", "%31%30.0.0.5", "1\uff10.0.0.5",
                           ":::"]),
    ],
)  # fmt: skip
def test_a_host_is_known_however_it_is_written(reach: Reach, hosts: list[str]) -> None:
    assert {host: reach_of(host) for host in hosts} == dict.fromkeys(hosts, reach)
