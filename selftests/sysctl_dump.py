#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Print all that the settings of the loaded nf_conntrack show, one line each:
mode, owner, value, and what each of many values written to it does.

usage: sysctl_dump.py [--read]		(--read: write nothing)
"""
import errno
import os
import sys

NET = '/proc/sys/net'
WRITES = ['-1', '0', '1', '2', '3', '255', '256', '1000', '21474837',
          '2147483647', '2147483648', '4294967295', '4294967296', 'abc', '1 2',
          '', '+5', '0x10', '99999999999999999999']
# Not tried: tables of such sizes would be made, or there would be no memory for
# them; and what is switched on cannot be switched off.
UNTRIED = {
    'nf_conntrack_buckets': ['-1', '21474837', '2147483647'],
    'nf_hooks_lwtunnel': WRITES,
}


def settings():
    for directory in NET + '/netfilter', NET:
        if not os.path.isdir(directory):
            continue
        for name in sorted(os.listdir(directory)):
            if name.startswith(('nf_conntrack_', 'nf_flowtable_', 'nf_hooks_')) \
                    and 'frag6' not in name:
                yield directory + '/' + name


def read(path):
    with open(path) as file:
        return file.read().rstrip('\n')


def write(path, value):
    try:
        fd = os.open(path, os.O_WRONLY)
        try:
            os.write(fd, (value + '\n').encode())
        finally:
            os.close(fd)
    except OSError as error:
        return errno.errorcode[error.errno] + ':' + read(path)
    return read(path)


for path in settings():
    stat = os.stat(path)
    old = read(path)
    line = [path[len(NET) + 1:], '%o' % (stat.st_mode & 0o777),
            '%d:%d' % (stat.st_uid, stat.st_gid), old]
    if '--read' not in sys.argv and stat.st_mode & 0o222:
        line += ['%s=>%s' % (value, write(path, value)) for value in WRITES
                 if value not in UNTRIED.get(os.path.basename(path), [])]
        write(path, old)
    print('|'.join(line))
