# SPDX-License-Identifier: GPL-2.0
#
# A kernel's log, less KCSAN's reports of races in which no function of ours has a
# part: kernels have some of their own. A report stands between two lines of "=".

function flush() {
	if (report !~ /BUG: KCSAN/ || report ~ /\[nf_conntrack/ ||
	    report ~ /WARNING:|Oops|\n[^\n]*BUG: [^K]/)
		printf "%s", report
	report = ""
}

{ report = report $0 "\n" }

/==================================================/ {
	if (within)
		flush()
	within = !within
}

!within { flush() }

END { flush() }
