# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# results CMD...: the checks of a test that is written in Python with lib/ctnl.py:
# its lines "ok ..." and "not ok ..." as results of this one.

results() {
	local line

	while IFS= read -r line; do
		case $line in
		"ok "*) ok "${line#ok }" ;;
		"not ok "*) not_ok "${line#not ok }" ;;
		"status 0" | "status 1") ;;
		"status "*) not_ok "$* runs to its end" ;;
		*) comment "$line" ;;
		esac
	done < <("$@" 2>&1; echo "status $?")
}
