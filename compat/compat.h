/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that differs between the kernels nf_ct builds on: 6.1 and 6.12, and
 * 6.18 as OpenWrt has it. The rest of the code reads as if there were one.
 */
#ifndef _NF_CT_COMPAT_H
#define _NF_CT_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "nf_ct needs Linux 6.1 or later"
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* ctl_table became const where it is handed out. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define nf_ct_ctl_table const struct ctl_table
#else
#define nf_ct_ctl_table struct ctl_table
#endif

#endif /* _NF_CT_COMPAT_H */
