# SPDX-License-Identifier: GPL-2.0-only
#
# What both packages' Makefiles have. They are two, since OpenWrt builds a directory at
# once: package/kernel/linux, with kmod-nf-nat, needs kmod-nf-ct before it, and the
# others need package/kernel/linux.

PKG_VERSION:=0.1
PKG_RELEASE:=1

PKG_LICENSE:=GPL-2.0-only
PKG_MAINTAINER:=nf_ct developers <nf-ct@localhost>

# The sources are those that this feed is a part of.
NF_CT_DIR:=$(abspath $(CURDIR)/../..)
PKG_FILE_DEPENDS:=$(wildcard $(NF_CT_DIR)/*.[ch]) $(NF_CT_DIR)/Kbuild $(NF_CT_DIR)/compat

define Build/Prepare
	mkdir -p $(PKG_BUILD_DIR)
	$(CP) $(NF_CT_DIR)/*.c $(NF_CT_DIR)/*.h $(NF_CT_DIR)/Kbuild $(NF_CT_DIR)/compat $(PKG_BUILD_DIR)/
endef

# What OpenWrt's kernel adds to the stock module: a list that can be written to,
# and buckets for a machine with little memory.
define Build/Compile
	sh $(NF_CT_DIR)/scripts/check-kernel $(LINUX_VERSION) $(LINUX_DIR)
	+$(KERNEL_MAKE) $(PKG_JOBS) M="$(PKG_BUILD_DIR)" NF_CT_OPENWRT=y modules
endef
