#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
Each timeout of TCP is the one that its sysctl says, from the next packet on, and
a packet that does not move the connection does not prolong it.
"""
from tcp_lib import Net, Tap, stories

DEFAULTS = {"syn_sent": 120, "syn_recv": 60, "established": 432000, "fin_wait": 120,
            "close_wait": 60, "last_ack": 30, "time_wait": 120, "close": 10,
            "max_retrans": 300, "unacknowledged": 300}

STORIES = """
== each state
sysctl tcp_timeout_syn_sent 101
sysctl tcp_timeout_syn_recv 102
sysctl tcp_timeout_established 1003
sysctl tcp_timeout_fin_wait 104
sysctl tcp_timeout_close_wait 105
sysctl tcp_timeout_last_ack 106
sysctl tcp_timeout_time_wait 107
sysctl tcp_timeout_close 108
c S           : new SYN_SENT 101
s SA 0 1      : established SYN_RECV 102
c A 1 1       : established ESTABLISHED 1003
c FA 1 1      : established FIN_WAIT 104
s A 1 2       : established CLOSE_WAIT 105
s FA 1 2      : established LAST_ACK 106
c A 2 2       : established TIME_WAIT 107
c R 2         : established CLOSE 108

== the defaults
c S           : new SYN_SENT 120
s SA 0 1      : established SYN_RECV 60
c A 1 1       : established ESTABLISHED 432000
c FA 1 1      : established FIN_WAIT 120
s A 1 2       : established CLOSE_WAIT 60
s FA 1 2      : established LAST_ACK 30
c A 2 2       : established TIME_WAIT 120
c R 2         : established CLOSE 10

== simultaneous open
c S           : new SYN_SENT 120
s S           : established SYN_SENT2 120
c SA 0 1      : established SYN_RECV 60

== a new value holds from the next packet on
c S
s SA 0 1
c A 1 1       : established ESTABLISHED 432000
sysctl tcp_timeout_established 5000
s A 1 1       : established ESTABLISHED 5000
sysctl tcp_timeout_established 77
c A 1 1       : established ESTABLISHED 77

== a SYN sent again prolongs nothing
sysctl tcp_timeout_syn_sent 100
c S           : new SYN_SENT 100
sysctl tcp_timeout_syn_sent 200
c S           : new SYN_SENT 100
c S 1000000   : new SYN_SENT 100

== what is ignored prolongs nothing
c S
s SA 0 1
c A 1 1
sysctl tcp_timeout_established 5000
c S 55        : established ESTABLISHED 432000
s SA 0 1      : established ESTABLISHED 432000
c A -20000 1  : established ESTABLISHED 432000
s A 1 -70000  : established ESTABLISHED 432000
c A 1000000 1 : invalid ESTABLISHED 432000
c A 1 1       : established ESTABLISHED 5000

== data that waits for its ACK
sysctl tcp_timeout_unacknowledged 200
c S
s SA 0 1
c A 1 1            : established ESTABLISHED 432000
c PA 1 1 data=10   : established ESTABLISHED 200
c PA 11 1 data=10  : established ESTABLISHED 200
s PA 1 11 data=10  : established ESTABLISHED 200
s A 11 21          : established ESTABLISHED 200
c A 21 11          : established ESTABLISHED 432000

== the shorter one counts
sysctl tcp_timeout_unacknowledged 200
sysctl tcp_timeout_established 100
c S
s SA 0 1
c A 1 1            : established ESTABLISHED 100
c PA 1 1 data=10   : established ESTABLISHED 100

== sent again and again
sysctl tcp_timeout_max_retrans 90
c S
s SA 0 1
c A 1 1            : established ESTABLISHED 432000
c PA 1 1 data=10   : established ESTABLISHED 300
c PA 1 1 data=10   : established ESTABLISHED 300
c PA 1 1 data=10   : established ESTABLISHED 300
c PA 1 1 data=10   : established ESTABLISHED 90
c PA 1 1 data=10   : established ESTABLISHED 90
s A 1 11           : established ESTABLISHED 432000

== how often is a setting
sysctl tcp_timeout_max_retrans 90
sysctl tcp_max_retrans 1
c S
s SA 0 1
c A 1 1            : established ESTABLISHED 432000
c PA 1 1 data=10   : established ESTABLISHED 300
c PA 1 1 data=10   : established ESTABLISHED 90

== a closed window
sysctl tcp_timeout_max_retrans 90
c S
s SA 0 1
c A 1 1            : established ESTABLISHED 432000
s A 1 1 win=0      : established ESTABLISHED 90
s A 1 1 win=100    : established ESTABLISHED 432000

== the handshake is bounded too
sysctl tcp_timeout_max_retrans 40
c S                : new SYN_SENT 40
s SA 0 1           : established SYN_RECV 40
c A 1 1            : established ESTABLISHED 432000

== picked up, and not answered yet
sysctl tcp_timeout_unacknowledged 50
c A 0 0            : new ESTABLISHED unreplied 50
s A 0 0            : established ESTABLISHED 50
c A 0 0            : established ESTABLISHED 432000

== a reset that will be challenged
sysctl tcp_timeout_unacknowledged 50
sysctl tcp_timeout_close 50
c S
s SA 0 1
c A 1 1            : established ESTABLISHED 432000
c R 500            : established ESTABLISHED 50

== lost track of, and ending
sysctl tcp_timeout_unacknowledged 50
c S
s SA 0 1
c A 1 1            : established ESTABLISHED 432000
c R 900000         : invalid ESTABLISHED 432000
s R 900000         : invalid ESTABLISHED 50
"""

if __name__ == "__main__":
    T = Tap()
    N = Net()
    for NAME, SECONDS in DEFAULTS.items():
        T.check("default of tcp_timeout_" + NAME, N.sysctl("tcp_timeout_" + NAME), SECONDS)
    stories(T, N, STORIES)
    T.exit()
