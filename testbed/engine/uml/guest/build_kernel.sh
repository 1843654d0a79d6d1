# Builds User-Mode Linux: bash build_kernel.sh, in a folder with its source, src.tar.xz, and kernel.config.
# Nothing of the machine, the folder or the day is in the program: the same source gives the same bytes.
set -eu
cd "$(dirname "$0")"
export KBUILD_BUILD_TIMESTAMP='2026-01-01 00:00:00 UTC' KBUILD_BUILD_USER=testbed KBUILD_BUILD_HOST=testbed
export KBUILD_BUILD_VERSION=1 LC_ALL=C

# edit FILE OLD NEW: the line that has OLD, of which there has to be one.
edit() {
    [ "$(grep -cF "$2" "$1")" = 1 ] || { echo "$1: not one line with: $2" >&2; exit 1; }
    perl -0pi -e 's/\Q'"$2"'\E/'"$3"'/' "$1"
}

mkdir src out
tar -xJf src.tar.xz --strip-components=1 -C src
rm src.tar.xz
cd src
# The host's randomness stays outside: the seed of a run comes from its plan.
edit arch/um/os-Linux/util.c 'return getrandom(buf, len, flags);' 'memset(buf, 0x5a, len); return len;'
# How many real signals the host delivers, and when, stirs nothing.
edit drivers/char/random.c 'if (new_count & MIX_INFLIGHT)' 'if (true)'
# refused LINE: ends the build, unless this source knows no such symbol any more: then what it stood for is always there.
refused() {
    name=$(echo "${1#CONFIG_}" | cut -d = -f 1)
    grep -rqE --include='Kconfig*' "^[[:space:]]*(menu)?config $name\$" . || return 0
    echo "kconfig refuses $1" >&2
    exit 1
}

# No compiler of Rust: its version would stand in the configuration, and that in the program.
kernel() { make -s ARCH=um O=../out RUSTC=false "$@"; }
kernel KCONFIG_ALLCONFIG=../kernel.config allnoconfig
while read -r line; do
    case $line in CONFIG_*) grep -qxF "$line" ../out/.config || refused "$line" ;; esac
done < ../kernel.config
kernel -j"$(nproc)" linux
strip ../out/linux
gcc -shared -fPIC -O2 -nostdlib -o ../out/no_counter.so ../no_counter.c
strip ../out/no_counter.so
