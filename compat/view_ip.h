/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A CRC follows from the types that are visible where a symbol is exported
 * (Documentation/abi.rst). Helpers were exported without those of <net/ip.h> on
 * 6.1, and with them later.
 */
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <net/ip.h>
#endif
