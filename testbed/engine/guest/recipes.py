"""What a guest's root file system is made of: Debian packages, and libraries from the wheels that the host has too.

Three recipes are always the same: the plain one, one with phones and servers that others wrote, and one with 802.11.
Whatever else a run needs is put into one of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import metadata

from testbed.engine.cache import digest
from testbed.engine.guest.debian import SUITE, lacking

# Newer time stamps are set to this one. 2026-01-01T00:00:00Z, when the guest's clock starts too.
EPOCH = 1767225600
KERNEL = "linux-image-cloud-amd64"
PACKAGES = (
    "busybox-static",
    "dnsmasq-base",
    "iperf3",  # traffic beside a call
    "iproute2",
    "iputils-ping",  # for whoever works in the lab by hand
    "kmod",
    "libgsm1",
    "mininet",
    "nftables",
    "procps",
    "python3",
    "python3-scapy",  # forges packets for attackers and for routers that quench
    "tcpdump",
    "tiny-initramfs",  # satisfies the kernel's dependency; ours is made by initramfs.py
)
# Those of them that are for kernels with modules.
KERNEL_S = ("kmod", "tiny-initramfs")
LEFT_OUT = tuple(
    f"/usr/share/{name}/*" for name in ("doc", "man", "locale", "info", "lintian", "bash-completion", "bug")
)
RECIPE_VERSION = 4
# Python libraries of the lab and the agents, from the same pinned wheels as on the host.
LIBRARIES = ("pyroute2",)
# Where the file system is no part of the kernel; those before come first.
FILE_SYSTEM = tuple(
    f"kernel/{name}.ko" for name in ("lib/crc16", "crypto/crc32c_generic", "fs/mbcache", "fs/jbd2/jbd2", "fs/ext4/ext4")
)
# What others wrote: the nodes of a run that are not our agents. One image holds them all.
FOREIGN_PACKAGES = (
    *("baresip-core", "charon-systemd", "coturn", "kamailio", "linphone-cli", "rtpengine-daemon", "sip-tester"),
    "strongswan-swanctl",
)
# What comes with them and is for pictures on screens: a third of their size.
FOREIGN_LEFT_OUT = (
    *("/usr/share/fonts/*", "/usr/share/icons/*", "/usr/share/X11/*"),
    *(f"/usr/lib/x86_64-linux-gnu/{name}" for name in ("dri/*", "libLLVM-*", "libmfxhw64*", "libz3*", "mfx/*")),
)
# The 802.11 stack and what runs it. The kernel for real machines has it; of its drivers, only what a run needs is kept.
RADIO_KERNEL = "linux-image-amd64"
RADIO_PACKAGES = ("hostapd", "iw", "wpasupplicant")
RADIO_LEFT_OUT = tuple(f"/lib/modules/*/kernel/{name}/*" for name in ("drivers", "fs", "sound"))
RADIO_KEPT = tuple(
    f"/lib/modules/*/kernel/{name}"
    for name in (
        *(
            "drivers/nvdimm/*",
            "drivers/acpi/nfit/*",
            "drivers/net/veth.ko",
            "drivers/net/wireguard/*",
            "drivers/virtio/virtio*",
        ),
        *("drivers/net/dummy.ko", "drivers/net/wireless/mac80211_hwsim.ko", "fs/ext4/*", "fs/jbd2/*", "fs/mbcache.ko"),
    )
)


@dataclass(frozen=True)
class Recipe:
    """What a root image is made of; `duration` is in words, `size_mib` None where it follows from the packages.

    `left_out` are paths of files that its packages bring, but for those that are `kept`. `file_system` are modules
    without which the kernel can't read the image.
    """

    kernel: str
    packages: tuple[str, ...]
    left_out: tuple[str, ...]
    size_mib: int | None
    duration: str
    kept: tuple[str, ...] = ()
    file_system: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is made for the packages of one run."""
        return self.size_mib is None

    @property
    def all_packages(self) -> tuple[str, ...]:
        """Its kernel's package first, where it has one."""
        return (*filter(None, [self.kernel]), *self.packages)

    def without_kernel(self) -> "Recipe":
        """The same for a guest whose kernel comes otherwise."""
        packages = tuple(one for one in self.packages if one not in KERNEL_S)
        return replace(self, kernel="", packages=packages, kept=(), file_system=())

    def digest(self) -> str:
        """Names the image by what goes in: packages, libraries with versions, this recipe."""
        versions = [f"{name}=={metadata.version(name)}" for name in LIBRARIES]
        size, epoch, version = str(self.size_mib), str(EPOCH), str(RECIPE_VERSION)
        paths = (*self.left_out, "but", *self.kept, *self.file_system)
        return digest(SUITE, self.kernel, *self.packages, *versions, *paths, epoch, size, version)


PLAIN = Recipe(KERNEL, PACKAGES, LEFT_OUT, 448, "about a minute")
WITH_FOREIGN = Recipe(KERNEL, (*PACKAGES, *FOREIGN_PACKAGES), (*LEFT_OUT, *FOREIGN_LEFT_OUT), 640, "about two minutes")
WITH_RADIOS = Recipe(
    RADIO_KERNEL,
    (*PACKAGES, *RADIO_PACKAGES),
    (*LEFT_OUT, *RADIO_LEFT_OUT),
    512,
    "about two minutes",
    RADIO_KEPT,
    FILE_SYSTEM,
)


def recipe_for(packages: Iterable[str]) -> Recipe:
    """The smallest image that has these packages and what every run needs: one of the three, or one of its own."""
    wanted = set(packages)
    for recipe in (PLAIN, WITH_FOREIGN, WITH_RADIOS):
        if wanted <= set(recipe.packages):
            return recipe
    base = WITH_RADIOS if wanted & set(RADIO_PACKAGES) else PLAIN
    left_out = (*base.left_out, *(FOREIGN_LEFT_OUT if wanted & set(FOREIGN_PACKAGES) else ()))
    more = sorted(wanted - set(base.packages))
    return replace(
        base, packages=(*base.packages, *more), left_out=left_out, size_mib=None, duration="some minutes at most"
    )


def unknown_packages(packages: Iterable[str]) -> dict[str, str] | None:
    """`lacking`, of an image with these packages; of the images that are always the same nothing is asked."""
    return lacking(packages) if recipe_for(packages).is_own else {}
